using Grpc.Core;
using Grpc.Net.Client;
using Hephaestus.Protocol.Hermes;
using Hephaestus.Server.Configuration;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Journal;
using Microsoft.Extensions.Logging;
using Client = Hephaestus.Protocol.Hermes.Hermes.HermesClient;

namespace Hephaestus.Server.Hermes;

/// <summary>
/// Tells Hermes how executions ended: one pair each, key = prefix + set/tag id/execution id, value = the status word. The
/// outbox is the queue. What Hermes cannot take now is tried again for as long as it takes; what it refuses for good is
/// set aside with its reason, said in the server's log, and told again when somebody asks for it. Keys have their order: one
/// entry each is in the outbox, and one is told at a time.
/// </summary>
internal sealed class HermesPublisher : IAsyncDisposable
{
    /// <summary>Entries read from the outbox at once.</summary>
    private const int Page = 100;

    /// <summary>Characters of what Hermes says that are kept.</summary>
    private const int LongestReason = 500;

    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stopping = new();
    private readonly HermesSettings _settings;
    private readonly ExecutionJournal _journal;
    private readonly Outbox _outbox;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly GrpcChannel _channel;
    private readonly Task _running;

    public HermesPublisher(HermesSettings settings, ExecutionJournal journal, TimeProvider clock, ILogger<HermesPublisher> logger)
    {
        (_settings, _journal, _outbox, _clock, _logger) = (settings, journal, journal.Outbox, clock, logger);
        _channel = HermesChannel.Open(settings);
        _running = RunAsync(new Client(_channel), _stopping.Token);
    }

    private enum Result
    {
        Told,
        Refused,
        Later,
        Unreachable,
    }

    /// <summary>Where Hermes is.</summary>
    public Uri Address => _settings.Address;

    /// <summary>Why something waits that Hermes did not take when it was last tried; null: nothing does.</summary>
    public HermesTrouble? Trouble { get; private set; }

    /// <summary>An entry as Hermes is told it.</summary>
    public SetPair Pair(OutboxEntry entry) => new()
    {
        Key = FormattableString.Invariant($"{_settings.KeyPrefix}{entry.Set}/{entry.TagId}/{entry.Execution}"),
        Value = StateWords.Of(entry.State),
        Table = _settings.Table,
    };

    /// <summary>Stops; what was not told waits for the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _channel.Dispose();
        _stopping.Dispose();
    }

    private async Task RunAsync(Client hermes, CancellationToken stopping)
    {
        var pause = s_shortestPause;
        while (true)
        {
            var (head, renewed) = (_journal.Head.Current.Version, _outbox.Renewed.Current.Version);
            if (await PassAsync(hermes, stopping))
            {
                (pause, Trouble) = (s_shortestPause, null);
                await NewsAsync(head, renewed, stopping);
            }
            else
            {
                await _outbox.Renewed.NextAsync(renewed, pause, stopping);
                pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
            }
        }
    }

    /// <summary>Completes when an execution may have ended, or something is to be sent again.</summary>
    private async Task NewsAsync(long head, long renewed, CancellationToken stopping)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAny(_journal.Head.NextAsync(head, either.Token), _outbox.Renewed.NextAsync(renewed, either.Token));
        await either.CancelAsync();
        stopping.ThrowIfCancellationRequested();
    }

    /// <summary>Tries all that wait, oldest first; false: something has to be tried again.</summary>
    private async Task<bool> PassAsync(Client hermes, CancellationToken stopping)
    {
        var (position, complete) = (0L, true);
        while (_outbox.Waiting(position, Page) is { Count: > 0 } waiting)
        {
            foreach (var entry in waiting)
            {
                switch (await TellAsync(hermes, entry, stopping))
                {
                    case Result.Unreachable:
                        return false;
                    case Result.Later:
                        complete = false;
                        break;
                }
            }

            position = waiting[^1].Sequence;
        }

        return complete;
    }

    private async Task<Result> TellAsync(Client hermes, OutboxEntry entry, CancellationToken stopping)
    {
        var pair = Pair(entry);
        try
        {
            await hermes.SetAsync(pair, deadline: DateTime.UtcNow + s_deadline, cancellationToken: stopping);
            await _outbox.ToldAsync(entry);
            return Result.Told;
        }
        catch (RpcException fault)
        {
            stopping.ThrowIfCancellationRequested();
            return await FailedAsync(entry, pair.Key, fault.Status);
        }
    }

    private static string Shortened(string said) => said.Length <= LongestReason ? said : said[..LongestReason] + "...";

    private async Task<Result> FailedAsync(OutboxEntry entry, string key, Status status)
    {
        var said = Shortened($"{status.StatusCode}: {status.Detail}");
        switch (status.StatusCode)
        {
            case StatusCode.InvalidArgument or StatusCode.Unimplemented or StatusCode.PermissionDenied:
                await _outbox.RefusedAsync(entry, said, _clock.GetUtcNow());
                _logger.LogError("Hermes refuses {Key}: {Code}, {Detail}; it is set aside", key, status.StatusCode, status.Detail);
                return Result.Refused;
            case StatusCode.Unavailable:
                Trouble = new HermesTrouble(said, _clock.GetUtcNow());
                _logger.LogWarning("Hermes at {Address} cannot be reached, it is tried again: {Detail}", _settings.Address, status.Detail);
                return Result.Unreachable;
            default:
                Trouble = new HermesTrouble(said, _clock.GetUtcNow());
                _logger.LogWarning("Hermes does not take {Key} now, it is tried again: {Code}, {Detail}", key, status.StatusCode, status.Detail);
                return Result.Later;
        }
    }
}

/// <summary>Why something could not be told.</summary>
internal sealed record HermesTrouble(string Reason, DateTimeOffset At);
