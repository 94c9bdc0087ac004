using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hephaestus.Server.Streaming;

/// <summary>Stands before gRPC: bounds how many calls there are at once, and how much of their messages waits for the rest.</summary>
internal sealed class Reception
{
    private readonly UnfinishedMessages _unfinished = new();
    private int _calls;

    /// <summary>Marks calls whose requests are a stream, which may come at any time.</summary>
    public static object ManyRequests { get; } = new RequestStream();

    public async Task PassAsync(HttpContext http, RequestDelegate next)
    {
        var idleness = http.Features.Get<Idleness>();
        idleness?.BeginCall();
        try
        {
            if (Interlocked.Increment(ref _calls) > Limits.Calls)
            {
                Refuse(http, $"{Limits.Calls} calls are open already; try again");
                return;
            }

            TimeSpan? time = http.GetEndpoint()?.Metadata.GetMetadata<RequestStream>() is null ? Limits.Request : null;
            using var body = new ReceivedBody(http.Request.BodyReader, _unfinished, time);
            http.Features.Set<IRequestBodyPipeFeature>(body);
            await next(http);
        }
        finally
        {
            Interlocked.Decrement(ref _calls);
            idleness?.EndCall();
        }
    }

    private static void Refuse(HttpContext http, string text)
    {
        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-status"] = ((int)StatusCode.ResourceExhausted).ToString(CultureInfo.InvariantCulture);
        http.Response.Headers["grpc-message"] = text;
    }

    private sealed class RequestStream;
}

/// <summary>Bytes of all calls' messages that have come in part.</summary>
internal sealed class UnfinishedMessages
{
    private long _bytes;

    /// <summary>False: they would be too many, and nothing has changed.</summary>
    public bool TryAdd(long bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) <= Limits.Unfinished || bytes <= 0)
        {
            return true;
        }

        Interlocked.Add(ref _bytes, -bytes);
        return false;
    }
}
