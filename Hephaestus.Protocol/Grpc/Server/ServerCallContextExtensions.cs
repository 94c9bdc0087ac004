using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Http;

namespace Grpc.Core;

/// <summary>What Kestrel knows about a call.</summary>
public static class ServerCallContextExtensions
{
    internal const string HttpContextKey = "__HttpContext";

    /// <summary>
    /// The HTTP request behind a call. Throws InvalidOperationException for a context that is not this server's and
    /// whose UserState does not hold one under "__HttpContext".
    /// </summary>
    public static HttpContext GetHttpContext(this ServerCallContext serverCallContext)
    {
        ArgumentNullException.ThrowIfNull(serverCallContext);
        return serverCallContext switch
        {
            HttpServerCall call => call.HttpContext,
            _ when serverCallContext.UserState.TryGetValue(HttpContextKey, out var value) && value is HttpContext http => http,
            _ => throw new InvalidOperationException("Could not get HttpContext from ServerCallContext."),
        };
    }
}
