using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;

namespace Hephaestus.Cli.Connection;

/// <summary>What a call that failed means.</summary>
internal static class Faults
{
    /// <summary>The connection is to blame, not the request: another try may go better.</summary>
    public static bool IsLost(RpcException fault) => fault.StatusCode switch
    {
        // OK: the server ended a stream that has not come to its end.
        // Aborted: a stream begun now would tell something else, since the rules of access have changed.
        StatusCode.OK or StatusCode.Unavailable or StatusCode.Cancelled or StatusCode.DeadlineExceeded or StatusCode.Aborted => true,
        _ => Chain(fault.Status.DebugException).Any(cause => cause is HttpRequestException or IOException),
    };

    /// <summary>Whether the server may have got the request and done what it asks for.</summary>
    public static bool MayHaveArrived(RpcException fault) => fault.StatusCode switch
    {
        StatusCode.DeadlineExceeded or StatusCode.Cancelled => true,
        _ => fault.Status.DebugException is { } cause && !Chain(cause).Any(NeverConnected),
    };

    /// <summary>One line or, where the server said more, several.</summary>
    public static string Describe(RpcException fault, Destination destination) => fault switch
    {
        { Status.DebugException: { } cause } when Chain(cause).Any(NeverConnected) =>
            $"cannot reach {destination.Text}: {Reason(cause)}",
        { Status.DebugException: { } cause } => $"the connection to {destination.Text} failed: {Broken(cause, destination)}",
        { StatusCode: StatusCode.DeadlineExceeded } => $"{destination.Text} did not answer in time",
        { StatusCode: StatusCode.Unauthenticated or StatusCode.PermissionDenied } => $"{Said(fault).TrimEnd('.')}; {Shown(fault, destination)}",
        _ => Said(fault),
    };

    /// <summary>Why a connection that had been made is no more.</summary>
    private static string Broken(Exception cause, Destination destination) =>
        Chain(cause).Any(EndedEarly) && !Chain(cause).Any(inner => inner is NoAnswerException)
            ? $"it ended before any HTTP/2 came back{Guess(destination)}"
            : Reason(cause);

    // SocketsHttpHandler says no more of a connection that ends while it greets the server.
    private static bool EndedEarly(Exception cause) =>
        cause is EarlyEndException || cause.Message.Contains("HTTP/2 handshake", StringComparison.Ordinal);

    private static string Guess(Destination destination) => destination switch
    {
        // Of TLS 1.3 the client hears only after the handshake what the server thinks of its certificate.
        { IsSecure: true, Credentials.Certificate: { } shown } => $"; the server may not take {shown.Text}",
        { IsSecure: true } => "; the server may want a client certificate (node.NAME.cert and node.NAME.key of the configuration)",
        { EndPoint: UnixDomainSocketEndPoint } => "",
        _ => "; what answers there may speak TLS (an address with TLS begins with https://)",
    };

    private static string Said(RpcException fault) => fault.Status.Detail is { Length: > 0 } said
        ? said
        : $"the server refused the request: {fault.StatusCode}";

    /// <summary>What the server could know the caller by, and what to set.</summary>
    private static string Shown(RpcException fault, Destination destination) => (fault.StatusCode, destination.Credentials.Text) switch
    {
        (_, null) => "who you are is shown by HEPHAESTUS_TOKEN, or in client.conf by node.NAME.token_file, "
            + "or by node.NAME.cert and node.NAME.key",
        (StatusCode.Unauthenticated, { } shown) => $"sent was {shown}",
        (_, { } shown) => $"sent was {shown}; who may do what is said by access.* in the server's configuration",
    };

    /// <summary>The innermost cause that says something, in words of ours where .NET's are no help.</summary>
    private static string Reason(Exception cause) => Chain(cause).Last(inner => inner.Message.Length > 0) switch
    {
        HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } => "it was closed",
        TimeoutException => "it does not answer",
        AuthenticationException { Message: var said } when said.Contains("NameMismatch", StringComparison.Ordinal) =>
            $"{said} (the expected name is the address's, or node.NAME.domain of the configuration)",
        AuthenticationException { Message: var said } when said.Contains("frame", StringComparison.Ordinal) =>
            "what answers there does not speak TLS (an address without TLS begins with http://)",
        var other => other.Message.ReplaceLineEndings(" "),
    };

    private static bool NeverConnected(Exception cause) => cause switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => true,
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => true,
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => true,
        // SocketsHttpHandler says of its ConnectTimeout nothing but this.
        OperationCanceledException { InnerException: TimeoutException } => true,
        _ => false,
    };

    private static IEnumerable<Exception> Chain(Exception? cause)
    {
        for (; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }
}
