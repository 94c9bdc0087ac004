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
        { Status.DebugException: { } cause } => $"the connection to {destination.Text} failed: {Reason(cause)}",
        { StatusCode: StatusCode.DeadlineExceeded } => $"{destination.Text} did not answer in time",
        { Status.Detail: { Length: > 0 } said } => said,
        _ => $"the server refused the request: {fault.StatusCode}",
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
