using System.Text;
using Grpc.Core;
using Grpc.Net.Client;
using Hephaestus.Protocol;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>Talks to a server under test by gRPC.</summary>
internal sealed class ServerClient : IDisposable
{
    private readonly GrpcChannel _channel;

    public ServerClient(ServerProcess server)
        : this(GrpcChannel.ForAddress(server.Address))
    {
    }

    /// <summary>Takes the channel over.</summary>
    public ServerClient(GrpcChannel channel)
    {
        _channel = channel;
        Calls = new Protocol.Hephaestus.HephaestusClient(_channel);
    }

    /// <summary>What the health service answers.</summary>
    public async Task<Protocol.Standard.HealthV1.HealthCheckResponse.Types.ServingStatus> HealthAsync() =>
        (await new Protocol.Standard.HealthV1.Health.HealthClient(_channel)
            .CheckAsync(new Protocol.Standard.HealthV1.HealthCheckRequest()).ResponseAsync.DefaultTimeout()).Status;

    /// <summary>The generated client, for whatever has no shorthand here.</summary>
    public Protocol.Hephaestus.HephaestusClient Calls { get; }

    /// <summary>Starts a plan; its id.</summary>
    public async Task<uint> ExecuteAsync(string set, string plan) =>
        (await Calls.ExecuteAsync(new PlanArg { Set = set, Plan = plan }).ResponseAsync.DefaultTimeout()).Id;

    public async Task<Execution> GetAsync(uint id) =>
        await Calls.GetExecutionAsync(new GetExecutionRequest { Id = id }).ResponseAsync.DefaultTimeout();

    public async Task<Execution> CancelAsync(uint id, string reason = "") =>
        await Calls.CancelExecutionAsync(new CancelExecutionRequest { Id = id, Reason = reason }).ResponseAsync.DefaultTimeout();

    /// <summary>The ids of all executions that were not dumped.</summary>
    public async Task<uint[]> PlansAsync() =>
        [.. (await Calls.ShowPlansAsync(new Empty()).ResponseAsync.DefaultTimeout()).Ids.Select(plan => plan.Id)];

    /// <summary>Completes when the server's catalogue has a plan that was written while it runs.</summary>
    public async Task KnowsAsync(string set, string plan)
    {
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var call = Calls.WatchCatalogue(new WatchCatalogueRequest { Set = set });
        while (await call.ResponseStream.MoveNext(timeout.Token))
        {
            if (call.ResponseStream.Current is { } update
                && (update.Snapshot?.Plans ?? update.Change?.Plans)?.Any(known => known.Name == plan && known.Runnable) == true)
            {
                return;
            }
        }
    }

    /// <summary>Starts a plan and waits for its end.</summary>
    public async Task<Execution> RunAsync(string set, string plan) => await EndedAsync(await ExecuteAsync(set, plan));

    /// <summary>Completes when the execution has ended.</summary>
    public async Task<Execution> EndedAsync(uint id) => await WhenAsync(id, execution => execution.Ended is not null);

    /// <summary>Completes when an execution is as wanted: looked at now, and again at each of its events.</summary>
    public async Task<Execution> WhenAsync(uint id, Func<Execution, bool> wanted)
    {
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var call = Calls.WatchExecutions(new WatchExecutionsRequest { Id = id });
        while (await call.ResponseStream.MoveNext(timeout.Token))
        {
            if (call.ResponseStream.Current.Heartbeat is null && await GetAsync(id) is var execution && wanted(execution))
            {
                return execution;
            }
        }

        throw new InvalidOperationException("The stream of executions ended.");
    }

    /// <summary>Completes when a running step waits for this (empty: for nothing), as the list of executions tells it; its execution.</summary>
    public async Task<uint> WaitsForAsync(string what)
    {
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        while (true)
        {
            var page = await Calls.ListExecutionsAsync(new ListExecutionsRequest()).ResponseAsync.DefaultTimeout();
            if (page.Executions.FirstOrDefault(Waits) is { } waiting)
            {
                return waiting.Id;
            }

            // No event tells it.
            await Task.Delay(TimeSpan.FromMilliseconds(20), timeout.Token);
        }

        bool Waits(Execution execution) =>
            execution.Steps.Any(step => step.State == State.Running
                && (what.Length == 0 ? step.WaitsFor.Length == 0 : step.WaitsFor.StartsWith(what, StringComparison.Ordinal)));
    }

    /// <summary>All events of an execution so far.</summary>
    public async Task<List<ExecutionEvent>> EventsAsync(uint id)
    {
        var last = (await GetAsync(id)).Sequence;
        var events = new List<ExecutionEvent>();
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var call = Calls.WatchExecutions(new WatchExecutionsRequest { AfterSequence = 0, Id = id });
        while ((events.Count == 0 || events[^1].Sequence < last) && await call.ResponseStream.MoveNext(timeout.Token))
        {
            if (call.ResponseStream.Current.Event is { } happened)
            {
                events.Add(happened);
            }
        }

        return events;
    }

    /// <summary>The log as it is now.</summary>
    public async Task<ReadLog> LogAsync(uint id)
    {
        var log = new ReadLog();
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var call = Calls.FollowLog(new FollowLogRequest { Id = id, UntilNow = true });
        while (await call.ResponseStream.MoveNext(timeout.Token))
        {
            log.Take(call.ResponseStream.Current);
        }

        return log;
    }

    /// <summary>Completes when the log, followed from its start, is as wanted.</summary>
    public async Task<ReadLog> WhenLogAsync(uint id, Func<ReadLog, bool> wanted)
    {
        var log = new ReadLog();
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var call = Calls.FollowLog(new FollowLogRequest { Id = id });
        while (await call.ResponseStream.MoveNext(timeout.Token))
        {
            log.Take(call.ResponseStream.Current);
            if (wanted(log))
            {
                return log;
            }
        }

        throw new InvalidOperationException($"The log ended before it was as wanted:\n{string.Join('\n', log.Remarks)}");
    }

    /// <summary>Completes when an execution, which may have ended, is remarked upon in these words.</summary>
    public async Task<string> RemarkAsync(uint id, string words)
    {
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var call = Calls.WatchExecutions(new WatchExecutionsRequest { AfterSequence = 0, Id = id });
        while (await call.ResponseStream.MoveNext(timeout.Token))
        {
            if (call.ResponseStream.Current.Event?.Remark?.Text is { } text && text.Contains(words, StringComparison.Ordinal))
            {
                return text;
            }
        }

        throw new InvalidOperationException("The stream of events ended.");
    }

    public void Dispose() => _channel.Dispose();
}

/// <summary>What a follower got of a log.</summary>
internal sealed class ReadLog
{
    private readonly Dictionary<(uint Step, LogStream Stream), MemoryStream> _bytes = [];
    private readonly HashSet<ulong> _numbers = [];

    /// <summary>To follow on from here.</summary>
    public Cursor? Next { get; private set; }

    /// <summary>Lines that have a number.</summary>
    public int Lines => _numbers.Count;

    public string[] Remarks => (Text(0, LogStream.Remark) + Text(0, LogStream.ErrorRemark)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The state that the stream ended with.</summary>
    public State? End { get; private set; }

    public void Take(LogUpdate update)
    {
        Next = update.Next ?? Next;
        End = update.End?.State ?? End;
        foreach (var piece in update.Pieces?.Pieces ?? Enumerable.Empty<LogPiece>())
        {
            Of(piece.Step, piece.Stream).Write(piece.Data.Span);
            Count(piece);
        }
    }

    public string Text(uint step, LogStream stream) => Encoding.UTF8.GetString(Of(step, stream).ToArray());

    public string Out(uint step) => Text(step, LogStream.Out);

    public string Err(uint step) => Text(step, LogStream.Err);

    /// <summary>Every line has come once: its numbers are those from 1 on.</summary>
    public void AssertEachLineOnce() => Assert.Equal((ulong)_numbers.Count, _numbers.Max());

    private MemoryStream Of(uint step, LogStream stream) =>
        _bytes.TryGetValue((step, stream), out var bytes) ? bytes : _bytes[(step, stream)] = new MemoryStream();

    private void Count(LogPiece piece)
    {
        if (piece.FirstLine == 0)
        {
            return;
        }

        var lines = piece.Data.Span.Count((byte)'\n') + (piece.NoNewline ? 1 : 0);
        for (var line = 0; line < lines; line++)
        {
            Assert.True(_numbers.Add(piece.FirstLine + (ulong)line), $"line {piece.FirstLine + (ulong)line} came twice");
        }
    }
}
