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
/// set aside, said in the server's log, and tried again by the next start.
/// </summary>
internal sealed class HermesPublisher : IAsyncDisposable
{
    /// <summary>Entries read from the outbox at once.</summary>
    private const int Page = 100;

    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stopping = new();
    private readonly HermesSettings _settings;
    private readonly ExecutionJournal _journal;
    private readonly Outbox _outbox;
    private readonly ILogger _logger;
    private readonly GrpcChannel _channel;
    private readonly Task _running;

    public HermesPublisher(HermesSettings settings, ExecutionJournal journal, ILogger<HermesPublisher> logger)
    {
        (_settings, _journal, _outbox, _logger) = (settings, journal, journal.Outbox, logger);
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
        await _outbox.AgainAsync();
        var pause = s_shortestPause;
        while (true)
        {
            var (_, version) = _journal.Head.Current;
            var complete = await PassAsync(hermes, stopping);
            if (complete)
            {
                pause = s_shortestPause;
                await _journal.Head.NextAsync(version, stopping);
            }
            else
            {
                await Task.Delay(pause, stopping);
                pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
            }
        }
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
        var pair = new SetPair
        {
            Key = FormattableString.Invariant($"{_settings.KeyPrefix}{entry.Set}/{entry.TagId}/{entry.Execution}"),
            Value = StateWords.Of(entry.State),
            Table = _settings.Table,
        };
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

    private async Task<Result> FailedAsync(OutboxEntry entry, string key, Status status)
    {
        switch (status.StatusCode)
        {
            case StatusCode.InvalidArgument or StatusCode.Unimplemented or StatusCode.PermissionDenied:
                _logger.LogError("Hermes refuses {Key}: {Code}, {Detail}; it is set aside until the next start", key, status.StatusCode, status.Detail);
                await _outbox.RefusedAsync(entry, $"{status.StatusCode}: {status.Detail}");
                return Result.Refused;
            case StatusCode.Unavailable:
                _logger.LogWarning("Hermes at {Address} cannot be reached, it is tried again: {Detail}", _settings.Address, status.Detail);
                return Result.Unreachable;
            default:
                _logger.LogWarning("Hermes does not take {Key} now, it is tried again: {Code}, {Detail}", key, status.StatusCode, status.Detail);
                return Result.Later;
        }
    }
}
