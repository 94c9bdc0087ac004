using Google.Protobuf;
using Hephaestus.Protocol;
using Hephaestus.Server.Logs;
using Hephaestus.Tests.Supervision;
using LogPiece = Hephaestus.Protocol.LogPiece;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>What must be on the disk before it is told: in the built server, as the kernel saw it.</summary>
public sealed class SyncOrderTests
{
    private const int Lines = 10;

    [StraceFact]
    public async Task With_full_sync_nothing_leaves_on_a_socket_before_it_is_on_the_disk()
    {
        await using var run = await TracedRun.ToEndAsync("history.sync = full");

        Assert.All(run.Log, piece => Assert.Equal("", run.Unsynced(piece)));
        Assert.All(run.Events, happened => Assert.True(run.IsSynced(happened), $"{happened.EventCase} was told before it was synced"));
        Assert.Equal(
            ["Accepted", "Started", "StepStarting", "StepStarted", "StepEnded", "Ended"],
            run.Events.Select(happened => happened.EventCase.ToString()));
        Assert.True(run.IsAcceptedOnDisk);
    }

    [StraceFact]
    public async Task With_normal_sync_an_acceptance_and_an_end_are_synced_first_and_lines_are_not()
    {
        await using var run = await TracedRun.ToEndAsync("history.sync = normal");

        Assert.True(run.IsAcceptedOnDisk);
        Assert.True(run.IsSynced(run.Events[0]));
        Assert.True(run.IsSynced(run.Events[^1]));
        Assert.Contains(run.Log.Where(piece => piece.Step == 1), piece => run.Unsynced(piece).Length > 0);
        Assert.Contains(run.Events, happened => !run.IsSynced(happened));
    }

    /// <summary>A plan that ran to its end below strace, with what a follower and a watcher were sent.</summary>
    private sealed class TracedRun : IAsyncDisposable
    {
        private readonly ServerHome _home;
        private SystemCalls? _calls;
        private PlanId _accepted = new();

        private TracedRun(string configuration) => _home = new ServerHome(configuration, "log.late_output = 0s");

        public List<LogPiece> Log { get; } = [];

        public List<ExecutionEvent> Events { get; } = [];

        /// <summary>The acceptance was answered when the journal, the log's directory and that one's were on the disk.</summary>
        public bool IsAcceptedOnDisk
        {
            get
            {
                var (answered, committed) = (Calls.Sent(_accepted.ToByteArray()).Begin, Committed(Events[0]));
                return Calls.IsSynced(Wal, committed, answered)
                    && Calls.IsSynced(_home.Log(_accepted.Id), 0, answered)
                    && Calls.IsSynced(Path.GetDirectoryName(_home.Log(_accepted.Id))!, 0, answered);
            }
        }

        private SystemCalls Calls => _calls ?? throw new InvalidOperationException("It has not ended.");

        private string Wal => Path.Combine(_home.State, "journal.db-wal");

        /// <summary>Runs a step that prints lines one after another, each when the one before has come to the follower.</summary>
        public static async Task<TracedRun> ToEndAsync(string configuration)
        {
            var run = new TracedRun(configuration);
            try
            {
                await run.RunAsync();
                return run;
            }
            catch
            {
                await run.DisposeAsync();
                throw;
            }
        }

        /// <summary>Whether the journal was on the disk, with this event in it, before anybody was sent it.</summary>
        public bool IsSynced(ExecutionEvent happened) =>
            Calls.IsSynced(Wal, Committed(happened), Calls.Sent(happened.ToByteArray()).Begin);

        /// <summary>What was not on the disk before a piece of the log was sent; empty: all was.</summary>
        public string Unsynced(LogPiece piece)
        {
            var (directory, sent) = (_home.Log(_accepted.Id), Calls.Sent(piece.ToByteArray()).Begin);
            var (index, output) = (Path.Combine(directory, "index"), Path.Combine(directory, piece.Step == 0 ? "remarks" : "001-1.out"));
            var (end, written) = Written(piece, output);
            var recorded = Calls.Writes(index).First(write => IsRecordOf(write, piece, end)).End;
            return (Calls.IsSynced(output, written, sent) ? "" : $"{output} ")
                + (Calls.IsSynced(index, recorded, sent) ? "" : $"{index} ")
                + (piece.Step == 0 || Calls.IsSynced(directory, written, sent) || Calls.IsSynced(directory, Calls.Moves(output).First().End, sent)
                    ? "" : directory);
        }

        public ValueTask DisposeAsync() => _home.DisposeAsync();

        private static bool IsRecordOf(SystemCall write, LogPiece piece, long end) =>
            IndexRecord.TryRead(write.Bytes, out var record) && record.End >= end && record.Source.IsRemark == (piece.Step == 0);

        /// <summary>Where a piece ends in its file, and when it had been written.</summary>
        private (long End, int At) Written(LogPiece piece, string output)
        {
            var end = File.ReadAllBytes(output).AsSpan().IndexOf(piece.Data.Span) + piece.Data.Length;
            var length = 0L;
            var last = piece.Step == 0
                ? Calls.Writes(output).First(write => (length += write.Result) >= end)
                : Calls.Moves(output).First(move => (length += move.Result) >= end);
            return (end, last.End);
        }

        private int Committed(ExecutionEvent happened) =>
            Calls.Writes(Wal).First(write => write.Bytes.AsSpan().IndexOf(happened.ToByteArray()) >= 0).End;

        private async Task RunAsync()
        {
            using var gate = new Gate(_home);
            _home.Step("p", $"for ((n = 0; n < {Lines}; n++)); do echo line $n; {gate.Pass}; done");
            var trace = Path.Combine(_home.Directory, "trace");
            await using (var server = await _home.StartByAsync(Strace.Tracing(trace)))
            {
                using var client = new ServerClient(server);
                using var timeout = new CancellationTokenSource(Timeouts.Default);
                using var watch = client.Calls.WatchExecutions(new WatchExecutionsRequest(), cancellationToken: timeout.Token);
                Assert.True(await watch.ResponseStream.MoveNext(timeout.Token));
                _accepted = await client.Calls.ExecuteAsync(new PlanArg { Set = "set", Plan = "p" }).ResponseAsync.DefaultTimeout();
                await FollowAsync(client, gate, timeout.Token);
                while (Events.LastOrDefault()?.Ended is null && await watch.ResponseStream.MoveNext(timeout.Token))
                {
                    Events.AddRange(new[] { watch.ResponseStream.Current.Event }.Where(happened => happened is not null));
                }

                await _home.SettledAsync();
                Assert.Equal(0, await server.StopAsync());
            }

            await Remnants.GoneAsync(_home);
            _calls = new SystemCalls(trace);
        }

        private async Task FollowAsync(ServerClient client, Gate gate, CancellationToken cancellation)
        {
            using var follow = client.Calls.FollowLog(new FollowLogRequest { Id = _accepted.Id }, cancellationToken: cancellation);
            while (await follow.ResponseStream.MoveNext(cancellation) && follow.ResponseStream.Current.End is null)
            {
                foreach (var piece in follow.ResponseStream.Current.Pieces?.Pieces ?? [])
                {
                    Log.Add(piece);
                    gate.Open(piece.Step == 0 ? 0 : piece.Data.Span.Count((byte)'\n'));
                }
            }
        }
    }
}
