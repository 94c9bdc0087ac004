using Grpc.Core;
using Grpc.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Grpc.AspNetCore.Server;

/// <summary>A method of a mapped service: takes a request from Kestrel and sees it to its status.</summary>
internal sealed class ServerMethod(IMethod method, ServerCallFactory calls, Func<HttpServerCall, Task> handle)
{
    public IMethod Method => method;

    public async Task InvokeAsync(HttpContext http)
    {
        if (!RequestCheck.IsGrpc(http) || !RequestCheck.IsEncodingKnown(http))
        {
            return;
        }

        Unlimit(http);
        await using var call = calls.Create(http, method);
        await call.EndAsync(await OutcomeOf(call));
    }

    private async Task<CallOutcome> OutcomeOf(HttpServerCall call)
    {
        try
        {
            await handle(call);
            return new CallOutcome(call.Status);
        }
        catch (Exception exception)
        {
            return calls.OutcomeOf(exception, call);
        }
    }

    /// <summary>A stream has no size and no least rate; each message has a limit of its own.</summary>
    private void Unlimit(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        if (method.Type is MethodType.ClientStreaming or MethodType.DuplexStreaming
            && http.Features.Get<Microsoft.AspNetCore.Server.Kestrel.Core.Features.IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }
    }
}
