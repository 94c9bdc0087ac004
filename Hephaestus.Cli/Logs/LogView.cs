using System.Runtime.InteropServices;
using System.Text.Json;
using Hephaestus.Cli.Connection;
using Hephaestus.Cli.Output;
using Hephaestus.Cli.Watching;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Logs;

/// <summary>An execution's log as the user sees it: text or JSON, and on a terminal what goes on at the moment.</summary>
internal sealed class LogView(Session session, uint id)
{
    /// <summary>Bytes at the end of an unfinished line that are looked at to show it.</summary>
    private const int MostShown = 4096;

    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(1);

    private readonly ExecutionProgress _progress = new();
    private volatile Progress? _now;
    private volatile string? _unfinished;

    /// <summary>Shows what the log holds now.</summary>
    /// <exception cref="Grpc.Core.RpcException">The server refused, or the connection broke.</exception>
    public async Task ShowAsync(FollowLogRequest request)
    {
        var text = new TextLines(session.Screen, session.Screen.Settings);
        await new LogFollower(session, text).RunAsync(request, session.Cancellation);
    }

    /// <summary>Shows the execution and what its log holds now as one JSON document.</summary>
    /// <exception cref="Grpc.Core.RpcException">The server refused, or the connection broke.</exception>
    public async Task ShowJsonAsync(FollowLogRequest request)
    {
        var execution = await session.FindAsync(id);
        await using var json = new Utf8JsonWriter(session.Screen, Json.Document);
        var begun = false;
        var lines = new JsonLines(json, NameOf(execution), BeginLine, json.Flush);
        await new LogFollower(session, lines).RunAsync(request, session.Cancellation);
        Begin();
        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync();
        session.Screen.WriteLine("");

        // Not before the log is known to be there: half a document is none.
        void Begin()
        {
            if (!begun)
            {
                begun = true;
                json.WriteStartObject();
                ProtoJson.WriteFields(json, execution);
                json.WriteStartArray("log");
            }
        }

        void BeginLine()
        {
            Begin();
            json.WriteStartObject();
        }
    }

    /// <summary>Follows it to the execution's end; how that was.</summary>
    /// <exception cref="Grpc.Core.RpcException">The server refused, was never there, or has been away for too long.</exception>
    /// <exception cref="OperationCanceledException">The user has had enough, and has been told how to go on.</exception>
    public async Task<State> FollowAsync(FollowLogRequest request)
    {
        session.Screen.ExitWhenClosed();
        var follower = session.Settings.Json ? await JsonFollowerAsync() : TextFollower();
        try
        {
            var end = session.Screen.Settings.Live && !session.Settings.Json
                ? await FollowLiveAsync(follower, request)
                : await follower.RunAsync(request, session.Cancellation);
            return end ?? throw new InvalidDataException("the server ended the log before the execution");
        }
        catch (OperationCanceledException)
        {
            session.Screen.EndLive();
            session.Screen.Say(GoesOn(follower.NextLine));
            throw;
        }
    }

    private string GoesOn(ulong next) =>
        $"execution {id} goes on; to follow it: status --id {id} --follow{(next > 1 ? $" --from {next}" : "")}";

    private LogFollower TextFollower() => new(session, new TextLines(session.Screen, session.Screen.Settings))
    {
        Unfinished = session.Screen.Settings.Live ? Preview : null,
    };

    private async Task<LogFollower> JsonFollowerAsync()
    {
        var execution = await session.FindAsync(id);
        var json = new Utf8JsonWriter(session.Screen, Json.Lines);
        return new LogFollower(session, new JsonLines(json, NameOf(execution), Begin, End));

        void Begin()
        {
            json.WriteStartObject();
            json.WriteString("type", "line");
        }

        void End()
        {
            json.Flush();
            json.Reset();
            session.Screen.WriteLine("");
        }
    }

    private async Task<State?> FollowLiveAsync(LogFollower follower, FollowLogRequest request)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(session.Cancellation);
        using var resumed = PosixSignalRegistration.Create((PosixSignal)Libc.Continue, _ => session.Screen.Forget());
        session.Screen.Live = Lines;
        var watching = WatchAsync(ended.Token);
        var ticking = TickAsync(ended.Token);
        try
        {
            return await follower.RunAsync(request, session.Cancellation);
        }
        finally
        {
            await ended.CancelAsync();
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await ticking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            session.Screen.EndLive();
        }
    }

    /// <summary>What it gives is only decoration: where it fails, the log is followed without.</summary>
    private async Task WatchAsync(CancellationToken cancellation)
    {
        await foreach (var update in session.WatchAsync(new WatchExecutionsRequest { Id = id }, cancellation))
        {
            _progress.Take(update);
            _now = _progress.Now;
            session.Screen.Refresh();
        }
    }

    private async Task TickAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(s_tick);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            session.Screen.Refresh();
        }
    }

    private void Preview(LineAssembler assembler) => _unfinished = assembler.Newest is var (_, bytes)
        ? PlainText.Of(bytes.Span[Math.Max(0, bytes.Length - MostShown)..])
        : null;

    private string[] Lines()
    {
        var status = _now?.At(DateTimeOffset.UtcNow);
        return [.. new[] { _unfinished, status is null ? null : $"[{id}] {status}" }.OfType<string>()];
    }

    private static Func<uint, string?> NameOf(Execution execution)
    {
        var names = execution.Steps.ToDictionary(step => step.Number, step => step.Name);
        return number => names.GetValueOrDefault(number);
    }
}
