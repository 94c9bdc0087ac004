using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hephaestus.Cli.CommandLine;
using Hephaestus.Cli.Connection;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;
using Hephaestus.Protocol.Configuration;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace Hephaestus.Cli.Verbs;

/// <summary>Who changed something, or wanted to and was refused.</summary>
internal sealed class Audit : Verb
{
    private const ulong DefaultLimit = 100;
    private const uint PageSize = 1000;

    private readonly Option<ulong?> _limit = VerbOptions.Count("--limit", "N", 1, $"Show the newest N [default: {DefaultLimit}]");

    private readonly Option<string> _who = new("--who")
    {
        HelpName = "WHO",
        Description = "Only calls of this caller, named as in the column WHO",
    };

    private readonly Option<string> _set = VerbOptions.Set(required: false);
    private readonly Option<bool> _refused = new("--refused") { Description = "Only calls that were refused, or failed" };

    private readonly Option<DateTimeOffset?> _since = new("--since")
    {
        HelpName = "TIME",
        Description =
            """
            Only calls since a time, as "2026-11-24 21:10:06" or shorter, in local time, or of the last 90m
            or 24h
            """,
        CustomParser = Since,
    };

    public Audit(Surroundings surroundings)
        : base(
            surroundings,
            "audit",
            """
            Show who changed something, or wanted to, and who was refused
            Newest first; it takes the right to administer the server.
            """)
    {
        foreach (var option in new Option[] { _limit, _who, _set, _refused, _since })
        {
            Options.Add(option);
        }
    }

    protected override async Task<int> RunAsync(ParseResult line, Session session)
    {
        var page = await NewestAsync(session, Request(line), line.GetValue(_limit) ?? DefaultLimit);
        if (session.Settings.Json)
        {
            return ShowJson(session, json => ProtoJson.Write(json, page));
        }

        Table.Write(
            session.Screen,
            ["TIME", "WHO", "FROM", "CALL", "STATUS", "ABOUT", "WHY"],
            [.. page.Records.Select(Row)],
            (column, text) => column == 4 && text != "OK" ? StateColours.Of(StateWords.Of(State.Failed)) : "");
        if (page.NextPageToken.Length > 0)
        {
            session.Screen.Say("there are older ones; --limit shows more");
        }

        return ExitCodes.Done;
    }

    private ListAuditRequest Request(ParseResult line) => new()
    {
        Who = line.GetValue(_who) ?? "",
        Set = line.GetValue(_set) ?? "",
        RefusedOnly = line.GetValue(_refused),
        Since = line.GetValue(_since) is { } since ? Timestamp.FromDateTimeOffset(since) : null,
    };

    /// <summary>The newest so many in one page; its token says whether there are more.</summary>
    private static async Task<AuditPage> NewestAsync(Session session, ListAuditRequest request, ulong limit)
    {
        var all = new AuditPage();
        do
        {
            request.PageSize = (uint)Math.Min(PageSize, limit - (ulong)all.Records.Count);
            var page = await session.Client.ListAuditAsync(request, session.Unary);
            all.Records.AddRange(page.Records);
            all.NextPageToken = request.PageToken = page.NextPageToken;
        }
        while (all.NextPageToken.Length > 0 && (ulong)all.Records.Count < limit);

        return all;
    }

    /// <summary>Harmless wherever it is shown: whoever reaches the server chooses some of these texts.</summary>
    private static string[] Row(AuditRecord record) =>
    [
        Durations.Local(record.Time.ToDateTimeOffset()),
        .. new[] { record.Who, record.Origin, record.Call, record.Status, About(record), record.Detail }.Select(
            text => text.Length == 0 ? "-" : PlainText.Of(text.ReplaceLineEndings(" "))),
    ];

    /// <summary><c>daily/backup, execution 12: no longer needed</c>, as far as there is anything to say.</summary>
    private static string About(AuditRecord record)
    {
        if (record.Count > 1)
        {
            return string.Create(CultureInfo.InvariantCulture, $"and {record.Count:N0} more like it");
        }

        var plan = record.Plan.Length > 0 ? $"{record.Set}/{record.Plan}" : record.Set;
        var parts = new[]
        {
            plan,
            record.Id > 0 ? $"execution {record.Id}" : "",
            record.Made > 0 ? $"began {record.Made}" : "",
        };
        var about = string.Join(", ", parts.Where(part => part.Length > 0));
        return about + (about.Length > 0 && record.Text.Length > 0 ? ": " : "") + record.Text;
    }

    private static DateTimeOffset? Since(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (DurationText.TryParse(text, out var duration))
        {
            var now = DateTimeOffset.UtcNow;
            return duration < now - DateTimeOffset.UnixEpoch ? now - duration : DateTimeOffset.UnixEpoch;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time))
        {
            return time;
        }

        result.AddError($"'{text}' is no time: it must be as \"2026-11-24 21:10:06\", in local time, or {DurationText.Allowed}");
        return null;
    }
}
