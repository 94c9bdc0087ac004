using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>
/// Lets a call end once: by its response, a failure, its deadline, its caller's token, its channel or its disposal,
/// whichever comes first.
/// </summary>
#pragma warning disable CA1001 // Types that own disposable fields should be disposable: _ended has no timer, no handle
internal sealed class CallLifetime
#pragma warning restore CA1001
{
    /// <summary>The longest time a timer of .NET takes; who has a later deadline has none on this side.</summary>
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly CancellationTokenSource _ended = new();
    private readonly bool _throwOperationCanceled;
    private readonly Timer? _deadline;
    private readonly CancellationTokenRegistration _caller;
    private readonly CancellationTokenRegistration _channel;
    private CallEnd? _end;

    public CallLifetime(GrpcChannel channel, CallOptions options)
    {
        _throwOperationCanceled = channel.Options.ThrowOperationCanceledOnCancellation;
        Token = _ended.Token;
        Timeout = Remaining(options.Deadline);
        if (Timeout == TimeSpan.Zero)
        {
            TryEnd(CallEnd.DeadlineExceeded);
        }
        else if (Timeout <= LongestTimer)
        {
            _deadline = new Timer(
                _ => TryEnd(CallEnd.DeadlineExceeded), null, Timeout.Value, System.Threading.Timeout.InfiniteTimeSpan);
        }

        _caller = EndOn(CallEnd.CancelledByCaller, options.CancellationToken);
        _channel = EndOn(CallEnd.ChannelDisposed, channel.Closed);
        if (End is not null)
        {
            // It ended before all of the above was there to be released.
            Release();
        }
    }

    /// <summary>What was left until the deadline when the call started; null: there is none.</summary>
    public TimeSpan? Timeout { get; }

    /// <summary>Set at the call's end, however it ends: nothing of the exchange goes on after it.</summary>
    public CancellationToken Token { get; }

    /// <summary>How the call ended; null: it has not.</summary>
    public CallEnd? End => Volatile.Read(ref _end);

    /// <summary>Ends the call so when the token is set.</summary>
    public CancellationTokenRegistration EndOn(CallEnd end, CancellationToken token) =>
        token.UnsafeRegister(_ => TryEnd(end), null);

    /// <summary>False: it had ended.</summary>
    public bool TryEnd(CallEnd end)
    {
        if (Interlocked.CompareExchange(ref _end, end, null) is not null)
        {
            return false;
        }

        Release();
        _ended.Cancel();
        return true;
    }

    /// <summary>What the caller of an ended call is thrown; null: it ended OK, or has not ended.</summary>
    public Exception? ToException() => End?.ToException(_throwOperationCanceled);

    private static TimeSpan? Remaining(DateTime? deadline) => deadline switch
    {
        null => null,
        { } value when value == DateTime.MaxValue => null,
        { } value when value == DateTime.MinValue => TimeSpan.Zero,
        { Kind: DateTimeKind.Utc } value => TimeSpan.FromTicks(Math.Max(0, (value - DateTime.UtcNow).Ticks)),
        _ => throw new InvalidOperationException(
            "deadline must have a kind DateTimeKind.Utc or be equal to DateTime.MaxValue or DateTime.MinValue."),
    };

    private void Release()
    {
        _deadline?.Dispose();
        _caller.Unregister();
        _channel.Unregister();
    }
}
