using Grpc.Core;

namespace Grpc.Wire;

/// <summary>What can be wrong with messages on the wire, in the words of either side.</summary>
internal static class WireErrors
{
    public static RpcException UnexpectedFlag(byte flag) =>
        Error(StatusCode.Internal, $"Message with the unknown compression flag {flag}.");

    public static RpcException ReceivedTooBig(int limit) =>
        Error(StatusCode.ResourceExhausted, $"Received message exceeds the maximum configured message size of {limit} bytes.");

    public static RpcException SentTooBig(int limit) =>
        Error(StatusCode.ResourceExhausted, $"Sending message exceeds the maximum configured message size of {limit} bytes.");

    public static RpcException Truncated() => Error(StatusCode.Internal, "Incomplete message.");

    public static RpcException MissingEncoding() =>
        Error(StatusCode.Internal, "Compressed message without a grpc-encoding header that says how.");

    public static RpcException BrokenCompression(Exception exception) =>
        Error(StatusCode.Internal, "Message that cannot be decompressed.", exception);

    public static RpcException NoMessage() => Error(StatusCode.Internal, "Stream that ended before its message.");

    public static RpcException MoreThanOneMessage() => Error(StatusCode.Internal, "Additional data after the message received.");

    public static RpcException Undecodable(Exception exception) =>
        Error(StatusCode.Internal, "Message that cannot be deserialized.", exception);

    private static RpcException Error(StatusCode code, string detail, Exception? exception = null) =>
        new(new Status(code, detail, exception));
}
