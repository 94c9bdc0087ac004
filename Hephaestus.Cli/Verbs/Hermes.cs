using System.CommandLine;
using System.Globalization;
using Hephaestus.Cli.CommandLine;
using Hephaestus.Cli.Connection;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Verbs;

/// <summary>What Hermes has not been told: what waits, and what it refused for good; the latter can be sent again.</summary>
internal sealed class Hermes : Verb
{
    /// <summary>Rows of the table; JSON has all.</summary>
    private const uint Shown = 100;

    private const uint PageSize = 1000;

    private readonly Option<bool> _again = new("--send-again") { Description = "Send again what was set aside" };
    private readonly Option<uint?> _id = VerbOptions.OptionalId("With --send-again: only the end of this execution");
    private readonly Option<bool> _waiting = new("--waiting") { Description = "Show also those that wait" };

    public Hermes(Surroundings surroundings)
        : base(
            surroundings,
            "hermes",
            """
            Show which ends of executions Hermes has not been told
            Those that wait are sent by themselves; what Hermes refused for good is set aside until it is sent again.
            """)
    {
        Options.Add(_again);
        Options.Add(_id);
        Options.Add(_waiting);
        Validators.Add(line =>
        {
            if (line.GetResult(_id) is not null && !line.GetValue(_again))
            {
                line.AddError("--id goes with --send-again");
            }
            else if (line.GetValue(_waiting) && line.GetValue(_again))
            {
                line.AddError("--waiting shows, --send-again sends: not both");
            }
        });
    }

    protected override async Task<int> RunAsync(ParseResult line, Session session) =>
        line.GetValue(_again) ? await SendAgainAsync(session, line.GetValue(_id))
            : session.Settings.Json ? await ShowAllAsync(session, !line.GetValue(_waiting))
            : await ShowAsync(session, !line.GetValue(_waiting));

    private static async Task<int> SendAgainAsync(Session session, uint? id)
    {
        var request = new SendHermesAgainRequest();
        if (id is { } only)
        {
            request.Ids.Add(only);
        }

        var answer = await session.Client.SendHermesAgainAsync(request, session.Unary);
        return session.Settings.Json
            ? ShowJson(session, json => ProtoJson.Write(json, answer))
            : ShowLines(session, [answer.Count == 0 ? "Nothing was set aside" : $"{answer.Count} sent again"]);
    }

    private static async Task<int> ShowAllAsync(Session session, bool setAsideOnly)
    {
        var request = new ListHermesRequest { PageSize = PageSize, SetAsideOnly = setAsideOnly };
        var all = await session.Client.ListHermesAsync(request, session.Unary);
        while (all.NextPageToken.Length > 0)
        {
            request.PageToken = all.NextPageToken;
            var page = await session.Client.ListHermesAsync(request, session.Unary);
            all.Entries.AddRange(page.Entries);
            all.NextPageToken = page.NextPageToken;
        }

        return ShowJson(session, json => ProtoJson.Write(json, all));
    }

    private static async Task<int> ShowAsync(Session session, bool setAsideOnly)
    {
        var request = new ListHermesRequest { PageSize = Shown, SetAsideOnly = setAsideOnly };
        var page = await session.Client.ListHermesAsync(request, session.Unary);
        ShowLines(session, Summary(page));
        if (page.Entries.Count > 0)
        {
            Table.Write(
                session.Screen,
                ["ID", "SET", "PLAN", "STATUS", "ENDED", "SET ASIDE", "WHY"],
                [.. page.Entries.Select(Row)],
                (column, text) => column == 3 ? StateColours.Of(text) : "");
        }

        var more = page.SetAside + (setAsideOnly ? 0 : page.Waiting) - (ulong)page.Entries.Count;
        return page.NextPageToken.Length == 0 || more == 0 ? ExitCodes.Done : ShowLines(session, [$"and {more} more, which --json shows"]);
    }

    private static IEnumerable<string> Summary(HermesPage page)
    {
        var place = page.Address.Length == 0 ? "Hermes is told nothing (hermes.enable = no)" : $"Hermes at {page.Address}";
        var since = page.OldestWaiting is { } oldest ? $" (the oldest since {Durations.Local(oldest.ToDateTimeOffset())})" : "";
        yield return $"{place}: {page.Waiting} waiting{since}, {page.SetAside} set aside";
        if (page.LastErrorTime is { } at)
        {
            yield return $"Not taken at {Durations.Local(at.ToDateTimeOffset())}: {page.LastError}";
        }
    }

    private static string[] Row(HermesEntry entry) =>
    [
        entry.Id.ToString(CultureInfo.InvariantCulture),
        entry.Set,
        entry.Plan,
        StateWords.Of(entry.State),
        Durations.Local(entry.Ended.ToDateTimeOffset()),
        entry.RefusedAt is { } at ? Durations.Local(at.ToDateTimeOffset()) : "-",
        entry.Refused.Length == 0 ? "waits" : entry.Refused.ReplaceLineEndings(" "),
    ];
}
