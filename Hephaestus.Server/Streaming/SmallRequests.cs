using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Hephaestus.Server.Streaming;

/// <summary>Refuses large requests where they would be kept for long, as long as a stream lives, or be said again.</summary>
internal sealed class SmallRequests : Interceptor
{
    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        IsSmall(request) ? continuation(request, responseStream, context) : throw Refusals.LargeStreamRequest();

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(new Small<TRequest>(requestStream), responseStream, context);

    private static bool IsSmall(object request) => request is not IMessage message || message.CalculateSize() <= Limits.StreamRequest;

    private sealed class Small<T>(IAsyncStreamReader<T> requests) : IAsyncStreamReader<T>
    {
        public T Current => requests.Current;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            var more = await requests.MoveNext(cancellationToken);
            return !more || IsSmall(Current!) ? more : throw Refusals.LargeStreamRequest();
        }
    }
}
