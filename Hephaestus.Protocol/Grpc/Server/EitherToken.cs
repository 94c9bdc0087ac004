namespace Grpc.AspNetCore.Server;

/// <summary>The call's token, or one that is also set by another where there is another.</summary>
internal readonly record struct EitherToken(CancellationTokenSource? Linked, CancellationToken Token) : IDisposable
{
    public static EitherToken Of(CancellationToken call, CancellationToken other)
    {
        if (!other.CanBeCanceled || other == call)
        {
            return new EitherToken(null, call);
        }

        var linked = CancellationTokenSource.CreateLinkedTokenSource(call, other);
        return new EitherToken(linked, linked.Token);
    }

    public void Dispose() => Linked?.Dispose();
}
