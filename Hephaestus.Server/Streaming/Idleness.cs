using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Hephaestus.Server.Streaming;

/// <summary>
/// Has a connection closed on which there was no call for a time: the HTTP/2 server keeps one open for ever as long as its
/// client answers pings. It is told so before, so that no call is lost, and clients connect again by themselves.
/// </summary>
internal sealed class Idleness : IDisposable
{
    private readonly IConnectionLifetimeNotificationFeature _end;
    private readonly Timer _timer;
    private int _calls;
    private bool _wasUsed = true;

    private Idleness(IConnectionLifetimeNotificationFeature end, TimeSpan longest)
    {
        _end = end;
        _timer = new Timer(_ => Look(), null, longest, longest);
    }

    /// <param name="longest">It is closed after this time at the earliest, and after twice of it at the latest.</param>
    public static void End(ListenOptions listen, TimeSpan longest) => listen.Use(next => async connection =>
    {
        using var idleness = connection.Features.Get<IConnectionLifetimeNotificationFeature>() is { } end
            ? new Idleness(end, longest)
            : null;
        connection.Features.Set(idleness);
        await next(connection);
    });

    public void BeginCall()
    {
        Interlocked.Increment(ref _calls);
        Volatile.Write(ref _wasUsed, true);
    }

    public void EndCall()
    {
        Volatile.Write(ref _wasUsed, true);
        Interlocked.Decrement(ref _calls);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        if (!Interlocked.Exchange(ref _wasUsed, false) && Volatile.Read(ref _calls) == 0)
        {
            _end.RequestClose();
        }
    }
}
