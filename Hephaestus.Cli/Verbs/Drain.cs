using System.CommandLine;
using System.CommandLine.Parsing;
using Hephaestus.Cli.CommandLine;
using Hephaestus.Cli.Connection;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Verbs;

/// <summary>Has the server take no more executions, and waits for the end of those that it took.</summary>
internal sealed class Drain : Verb
{
    /// <summary>So many of those that are left are named in a line.</summary>
    private const int MostNamed = 5;

    private readonly Option<bool> _noWait = new("--no-wait") { Description = "Do not wait for the end of what was accepted" };
    private readonly Option<bool> _status = new("--status") { Description = "Change nothing, only show how far it is" };
    private readonly Option<bool> _undo = new("--undo") { Description = "Take executions again" };
    private readonly Option<TimeSpan?> _retryFor = VerbOptions.RetryFor();

    public Drain(Surroundings surroundings)
        : base(
            surroundings,
            "drain",
            """
            Accept no more plans and wait until all have ended
            What was accepted, queued plans too, goes on; a line for each change. When this program is interrupted the
            server drains on, until it is restarted or --undo takes plans again.
            JSON: an object a line, of type "progress" (draining, drained, running, queued, left); with --no-wait,
            --status and --undo one document with these fields.
            """)
    {
        foreach (var option in new Option[] { _noWait, _status, _undo, _retryFor })
        {
            Options.Add(option);
        }

        Validators.Add(CheckOptions);
    }

    protected override TimeSpan? RetryFor(ParseResult line) => line.GetValue(_retryFor);

    protected override Task<int> RunAsync(ParseResult line, Session session)
    {
        var request = new DrainRequest
        {
            Undo = line.GetValue(_undo),
            Look = line.GetValue(_status),
            NoWait = line.GetValue(_noWait) || line.GetValue(_status),
        };
        return request.NoWait || request.Undo ? OnceAsync(session, request) : WaitAsync(session, request);
    }

    private void CheckOptions(CommandResult line)
    {
        if (new Option[] { _noWait, _status, _undo }.Count(option => line.GetResult(option) is { Implicit: false }) > 1)
        {
            line.AddError("--no-wait, --status and --undo exclude each other");
        }
    }

    private static async Task<int> OnceAsync(Session session, DrainRequest request)
    {
        using var call = session.Client.Drain(request, session.Unary);
        while (await call.ResponseStream.MoveNext(session.Cancellation))
        {
            if (call.ResponseStream.Current.Progress is { } progress)
            {
                return session.Settings.Json
                    ? ShowJson(session, json => ProtoJson.Write(json, progress))
                    : ShowLines(session, [Text(progress)]);
            }
        }

        throw new InvalidDataException("the server ended the call without an answer");
    }

    private static async Task<int> WaitAsync(Session session, DrainRequest request)
    {
        session.Screen.ExitWhenClosed();
        var next = request.Clone();
        try
        {
            return await FollowAsync(session, next);
        }
        catch (Exception) when (session.Cancellation.IsCancellationRequested && next.Look)
        {
            session.Screen.Say("the server drains on; to take executions again: drain --undo");
            throw;
        }
    }

    /// <param name="next">Only looks from the first answer on.</param>
    private static async Task<int> FollowAsync(Session session, DrainRequest next)
    {
        var stream = new StreamCall<DrainUpdate>(() => session.Client.Drain(next, cancellationToken: session.Cancellation))
        {
            IsLast = update => update.Progress is { } progress && (progress.Drained || !progress.Draining),
        };
        await foreach (var update in session.Patience.ReadAsync(stream, session.Cancellation))
        {
            // It drains. A server that was restarted meanwhile takes executions again, and not by mistake.
            next.Look = true;
            if (update.Progress is not { } progress)
            {
                continue;
            }

            ShowNow(session, "progress", progress, Text(progress));
            if (!progress.Draining)
            {
                session.Screen.Say("the server drains no more: it was restarted, or somebody said drain --undo");
                return ExitCodes.Refused;
            }
        }

        return ExitCodes.Done;
    }

    private static string Text(DrainProgress progress) => progress switch
    {
        { Drained: true } => "Drained: nothing runs, and no executions are taken",
        { Draining: true } => $"Draining: {Left(progress)}",
        _ => $"Executions are taken: {Left(progress)}",
    };

    private static string Left(DrainProgress progress)
    {
        var named = progress.Left.Take(MostNamed).Select(left => $"{left.Id} {left.Set}/{left.Plan} {StateWords.Of(left.State)}").ToArray();
        var more = progress.Running + progress.Queued - (uint)named.Length;
        var all = named.Length == 0 ? "" : $" ({string.Join(", ", named)}{(more > 0 ? $" and {more} more" : "")})";
        return $"{progress.Running} running, {progress.Queued} queued{all}";
    }
}
