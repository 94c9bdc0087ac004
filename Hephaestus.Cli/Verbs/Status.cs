using System.CommandLine;
using Hephaestus.Cli.CommandLine;
using Hephaestus.Cli.Connection;
using Hephaestus.Cli.Logs;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Verbs;

/// <summary>An execution's log: what it holds now, or live to the execution's end.</summary>
internal sealed class Status : Verb
{
    private readonly Option<uint> _id = VerbOptions.Id();
    private readonly Option<bool> _follow = new("--follow") { Description = "Go on live, until the execution has ended" };
    private readonly Option<ulong?> _tail = VerbOptions.Count("--tail", "N", 0, "Begin with the last N lines");
    private readonly Option<ulong?> _from = VerbOptions.Count("--from", "LINE", 1, "Begin with this line; the first is 1");
    private readonly Option<string> _step = new("--step") { HelpName = "NAME", Description = "Only the output of this step" };
    private readonly Option<TimeSpan?> _retryFor = VerbOptions.RetryFor();

    public Status(Surroundings surroundings)
        : base(
            surroundings,
            "status",
            """
            Show status and log of a scheduled plan
            Lines are YYYY-MM-DD HH:MM:SS T TEXT, in local time: T is E for standard error and errors, else I;
            what Hephaestus itself says begins with "----> ".
            JSON: the execution with its lines as "log"; with --follow an object a line, of type "line" (line, time,
            step, attempt, stream, late, and text, or base64 where it is not UTF-8; lines over 1 MiB come in parts,
            with offset and more), and in the end one of type "end" (id, state).
            """)
    {
        foreach (var option in new Option[] { _id, _follow, _tail, _from, _step, _retryFor })
        {
            Options.Add(option);
        }

        Validators.Add(line =>
        {
            if (line.GetResult(_tail) is not null && line.GetResult(_from) is not null)
            {
                line.AddError("--tail and --from cannot both say where to begin");
            }
        });
    }

    protected override TimeSpan? RetryFor(ParseResult line) => line.GetValue(_follow) ? line.GetValue(_retryFor) : TimeSpan.Zero;

    protected override async Task<int> RunAsync(ParseResult line, Session session)
    {
        var view = new LogView(session, line.GetValue(_id));
        if (line.GetValue(_follow))
        {
            return await FollowedAsync(session, view, Request(line));
        }

        await (session.Settings.Json ? view.ShowJsonAsync(Request(line)) : view.ShowAsync(Request(line)));
        return ExitCodes.Done;
    }

    /// <summary>Follows a log to its end, and says in the exit code how that was.</summary>
    internal static async Task<int> FollowedAsync(Session session, LogView view, FollowLogRequest request)
    {
        var end = await view.FollowAsync(request);
        if (session.Settings.Json)
        {
            session.Screen.WriteLine(json =>
            {
                json.WriteString("type", "end");
                json.WriteNumber("id", request.Id);
                json.WriteString("state", StateWords.Of(end));
            });
        }

        return end == State.Ok ? ExitCodes.Done : ExitCodes.PlanNotOk;
    }

    private FollowLogRequest Request(ParseResult line)
    {
        var request = new FollowLogRequest
        {
            Id = line.GetValue(_id),
            Step = line.GetValue(_step) ?? "",
            UntilNow = !line.GetValue(_follow),
        };
        if (line.GetValue(_tail) is { } tail)
        {
            request.Tail = tail;
        }
        else if (line.GetValue(_from) is { } from)
        {
            request.From = new Cursor { Line = from };
        }

        return request;
    }
}
