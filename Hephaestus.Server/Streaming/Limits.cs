using Grpc.AspNetCore.Server;
using Hephaestus.Server.Supervision;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Hephaestus.Server.Streaming;

/// <summary>
/// What a client may send and take at most. docs/grpc.md tells in one table what becomes of more; where it says that the
/// HTTP/2 server's own default is used, that is written down here all the same, so that it stays what was tried.
/// </summary>
internal static class Limits
{
    private const int KiB = 1024;

    /// <summary>Bytes of a message that comes, decompressed.</summary>
    public const int Message = 4 * KiB * KiB;

    /// <summary>Bytes of a request that is kept as long as its stream lives.</summary>
    public const int StreamRequest = 64 * KiB;

    /// <summary>Calls at once, of all clients.</summary>
    public const int Calls = 10_000;

    /// <summary>Calls at once on a connection.</summary>
    private const int StreamsPerConnection = 1_000;

    /// <summary>Bytes of one call's unfinished messages that always find a place.</summary>
    public const int FreeUnfinished = 16 * KiB;

    /// <summary>Bytes of all calls' unfinished messages, beyond those.</summary>
    public const long Unfinished = 64 * KiB * KiB;

    /// <summary>Characters of a request's id.</summary>
    public const int RequestId = 128;

    /// <summary>Characters of a reason.</summary>
    public const int Reason = 1_000;

    /// <summary>Characters of all names and values of parameters.</summary>
    public const int Parameters = 64 * KiB;

    /// <summary>Executions or entries on a page.</summary>
    public const int Page = 1_000;

    /// <summary>Characters of a page's token: two numbers and a dot.</summary>
    public const int PageToken = 41;

    /// <summary>For all of a request that is a single message, from its headers on.</summary>
    public static readonly TimeSpan Request = TimeSpan.FromSeconds(30);

    /// <summary>For what every connection begins with, after the TLS handshake if there is one.</summary>
    public static readonly TimeSpan Greeting = TimeSpan.FromSeconds(10);

    /// <summary>For the TLS handshake.</summary>
    public static readonly TimeSpan Handshake = TimeSpan.FromSeconds(10);

    /// <summary>For a call's headers, from the first of their frames to the last.</summary>
    private static readonly TimeSpan s_headers = TimeSpan.FromSeconds(30);

    /// <summary>How long a connection without a call stays open; at most twice as long.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromMinutes(5);

    public static void Apply(KestrelServerOptions kestrel)
    {
        var limits = kestrel.Limits;
        limits.MaxConcurrentConnections = Descriptors.Connections;
        limits.RequestHeadersTimeout = s_headers;
        limits.MaxRequestHeaderCount = 100;
        limits.MaxRequestHeadersTotalSize = 32 * KiB;

        // A method and a path; the path is said again where it is unknown.
        limits.MaxRequestLineSize = KiB;

        // A stream has no size, and each message a limit of its own. Too slow a body would end the whole connection, with all
        // streams that go well on it: it is the request that has a time, see Reception.
        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = null;
        Apply(limits.Http2);
    }

    /// <summary>What a connection must do, beside what the HTTP/2 server looks after; behind TLS, if there is any.</summary>
    public static void Apply(ListenOptions listen)
    {
        Streaming.Greeting.Require(listen, Greeting);
        Idleness.End(listen, Idle);
    }

    public static void Apply(GrpcServiceOptions grpc) => grpc.MaxReceiveMessageSize = Message;

    private static void Apply(Http2Limits http2)
    {
        http2.MaxStreamsPerConnection = StreamsPerConnection;
        http2.MaxFrameSize = 16 * KiB;
        http2.MaxRequestHeaderFieldSize = 32 * KiB;
        http2.HeaderTableSize = 4 * KiB;

        // Requests are small, and so much of each connection may lie here unread.
        http2.InitialConnectionWindowSize = 256 * KiB;
        http2.InitialStreamWindowSize = 64 * KiB;
        http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
    }
}
