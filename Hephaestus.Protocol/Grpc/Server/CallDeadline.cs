using Grpc.Wire;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server;

/// <summary>The time a caller gives its call.</summary>
internal sealed class CallDeadline : IAsyncDisposable
{
    /// <summary>The longest time a timer of .NET takes; a later deadline is the caller's alone to keep.</summary>
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly Func<Task> _expire;
    private readonly Timer _timer;
    private Task? _expiry;

    private CallDeadline(TimeSpan left, Func<Task> expire)
    {
        _expire = expire;
        At = left < DateTime.MaxValue - DateTime.UtcNow ? DateTime.UtcNow + left : DateTime.MaxValue;
        _timer = new Timer(
            _ => Expire(), null, left <= LongestTimer ? left : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>When, in UTC.</summary>
    public DateTime At { get; }

    /// <summary>Whether it has passed before the call had ended.</summary>
    public bool HasPassed { get; private set; }

    /// <summary>The deadline in a request's headers; null: there is none that could be read.</summary>
    public static CallDeadline? Of(HttpRequest request, Func<Task> expire) =>
        request.Headers[HeaderNames.Timeout] is [{ } text] && GrpcTimeout.TryParse(text, out var left)
            ? new CallDeadline(left, expire)
            : null;

    /// <summary>After this nothing of the expiry runs any more. May be called again.</summary>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await (_expiry ?? Task.CompletedTask);
    }

    private void Expire()
    {
        HasPassed = true;
        _expiry = _expire();
    }
}
