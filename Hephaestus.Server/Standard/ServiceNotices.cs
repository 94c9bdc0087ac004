namespace Hephaestus.Server.Standard;

/// <summary>What the service manager is told of this server: how its start goes, that it is ready, what is in its way, its end.</summary>
internal sealed class ServiceNotices : IDisposable
{
    /// <summary>
    /// How long a start asks for, again and again. A start waits for a full disk, however long that is, and brings a large
    /// journal up to date; to be killed and started again would not make it any shorter. A stop asks for no time: to be
    /// killed costs nothing.
    /// </summary>
    private static readonly TimeSpan s_asked = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan s_askAgain = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ServiceManager _manager;
    private readonly Timer _asking;

    public ServiceNotices(ServiceManager manager)
    {
        _manager = manager;
        _asking = new Timer(_ => Ask(), null, s_askAgain, s_askAgain);
    }

    /// <summary>What the start does now.</summary>
    public void Starting(string what)
    {
        _manager.Tell(("STATUS", what));
        Ask();
    }

    /// <summary>The start is over; from now on the status is what is in the server's way.</summary>
    /// <param name="listening">Where, for people.</param>
    public void Ready(string listening, ServingStatus serving)
    {
        _asking.Dispose();
        var (known, version) = serving.Current.Current;
        _manager.Tell(("READY", "1"), ("STATUS", StatusOf(known, listening)));
        _ = FollowAsync(version, listening, serving, _stopping.Token);
    }

    /// <summary>It stops, whatever for.</summary>
    public void Dispose()
    {
        _asking.Dispose();
        _stopping.Cancel();
        _stopping.Dispose();
        TellStopping();
    }

    /// <summary>One line for people.</summary>
    public static string StatusOf(Impediments impediments, string listening) => impediments switch
    {
        _ when impediments.HasFlag(Impediments.DiskFull) => "Steps wait, nothing is lost: the machine lacks something, the log says what",
        _ when impediments.HasFlag(Impediments.Draining) => "Draining: executions are refused; those that were accepted go on",
        _ => $"Listening on {listening}",
    };

    private void Ask() => _manager.Tell(("EXTEND_TIMEOUT_USEC", $"{(long)s_asked.TotalMicroseconds}"));

    private void TellStopping() => _manager.Tell(("STOPPING", "1"), ("STATUS", "Stopping"));

    private async Task FollowAsync(long version, string listening, ServingStatus serving, CancellationToken stopping)
    {
        while (true)
        {
            await serving.Current.NextAsync(version, stopping);
            (var known, version) = serving.Current.Current;
            if (known.HasFlag(Impediments.Stopping))
            {
                TellStopping();
                return;
            }

            _manager.Tell(("STATUS", StatusOf(known, listening)));
        }
    }
}
