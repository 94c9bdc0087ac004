using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>How a call ended.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Trailers">What came with it.</param>
/// <param name="IsCancellation">Whether its own caller ended it, other than by its deadline.</param>
internal sealed record CallEnd(Status Status, Metadata Trailers, bool IsCancellation = false)
{
    public CallEnd(Status status) : this(status, Metadata.Empty)
    {
    }

    public static CallEnd DeadlineExceeded { get; } = new(new Status(StatusCode.DeadlineExceeded, "Deadline Exceeded"));

    public static CallEnd CancelledByCaller { get; } = Cancelled("Call canceled by the client.");

    public static CallEnd Disposed { get; } = Cancelled("gRPC call disposed.");

    public static CallEnd ChannelDisposed { get; } = Cancelled("gRPC channel disposed.");

    /// <summary>What a caller is thrown; null: the call ended OK.</summary>
    public Exception? ToException(bool cancellationAsOperationCanceled)
    {
        if (Status.StatusCode == StatusCode.OK)
        {
            return null;
        }

        var exception = new RpcException(Status, Trailers);
        return IsCancellation && cancellationAsOperationCanceled
            ? new OperationCanceledException(Status.Detail, exception)
            : exception;
    }

    private static CallEnd Cancelled(string detail) =>
        new(new Status(StatusCode.Cancelled, detail), Metadata.Empty, IsCancellation: true);
}
