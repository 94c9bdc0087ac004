using Grpc.Core;

namespace Hephaestus.Cli.Connection;

/// <summary>Sends a token with every call, as it is when the call begins.</summary>
internal sealed class TokenCalls(CallInvoker calls, Token token) : CallInvoker
{
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        calls.BlockingUnaryCall(method, host, WithToken(options), request);

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        calls.AsyncUnaryCall(method, host, WithToken(options), request);

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        calls.AsyncServerStreamingCall(method, host, WithToken(options), request);

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) =>
        calls.AsyncClientStreamingCall(method, host, WithToken(options));

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) =>
        calls.AsyncDuplexStreamingCall(method, host, WithToken(options));

    private CallOptions WithToken(CallOptions options)
    {
        var headers = new Metadata();
        foreach (var entry in options.Headers ?? Metadata.Empty)
        {
            headers.Add(entry);
        }

        headers.Add("authorization", $"Bearer {token.Read()}");
        return options.WithHeaders(headers);
    }
}
