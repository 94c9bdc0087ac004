using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Grpc.AspNetCore.Server;

/// <summary>Makes the context of each call, and holds what all of them share.</summary>
internal sealed class ServerCallFactory(IOptions<GrpcServiceOptions> options, ILogger<ServerCallFactory> log)
{
    public GrpcServiceOptions Options => options.Value;

    public HttpServerCall Create(HttpContext http, IMethod method) => new(http, method, this);

    /// <summary>The status of a handler that threw; tells the log what the caller must not know.</summary>
    public CallOutcome OutcomeOf(Exception exception, HttpServerCall call)
    {
        switch (exception)
        {
            case RpcException rpc:
                return new CallOutcome(rpc.Status, rpc.Trailers);
            case OperationCanceledException or IOException when call.IsGivenUp:
                return new CallOutcome(call.CancellationStatus);
            default:
                log.LogError(exception, "Error when executing service method '{ServiceMethod}'.", call.Method);
                return new CallOutcome(new Status(StatusCode.Unknown, TextFor(exception), exception));
        }
    }

    private string TextFor(Exception exception) => Options.EnableDetailedErrors is true
        ? $"Exception was thrown by handler. {exception.GetType().Name}: {exception.Message}"
        : "Exception was thrown by handler.";
}

/// <summary>A handler's end: the status, and trailers beyond those of the context.</summary>
internal readonly record struct CallOutcome(Status Status, Metadata? Trailers = null);
