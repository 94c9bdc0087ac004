using System.CommandLine;
using System.Globalization;
using Hephaestus.Cli.CommandLine;
using Hephaestus.Cli.Connection;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Verbs;

/// <summary>
/// The executions that have not been dumped, by id: for programs the ids alone, for people a table. Scripts read the ids,
/// so only a terminal or an explicit wish changes what is shown.
/// </summary>
internal sealed class Plans : Verb
{
    private const uint PageSize = 1000;

    private readonly Option<bool> _long = new("--long") { Description = "Show a table also where no terminal is" };

    public Plans(Surroundings surroundings)
        : base(
            surroundings,
            "plans",
            """
            List the scheduled plan output from memory
            On a terminal a table, elsewhere the ids alone, one a line.
            """) => Options.Add(_long);

    protected override async Task<int> RunAsync(ParseResult line, Session session)
    {
        if (session.Settings.Json)
        {
            var executions = await AllAsync(session, execution => execution);
            return ShowJson(session, json => json.WriteMessages("executions", executions));
        }

        if (session.Screen.Settings.IsTerminal || line.GetValue(_long))
        {
            var now = DateTimeOffset.UtcNow;
            ShowTable(session.Screen, await AllAsync(session, execution => Row(execution, now)));
            return ExitCodes.Done;
        }

        return await ShowIdsAsync(session);
    }

    /// <summary>The last column is only there where it says something: few ever see it.</summary>
    private static void ShowTable(Screen screen, List<string[]> rows)
    {
        string[] head = ["ID", "SET", "PLAN", "STATUS", "STARTED", "DURATION", "WAITS FOR"];
        var columns = rows.Exists(row => row[^1] != "-") ? head.Length : head.Length - 1;
        Table.Write(
            screen,
            head[..columns],
            [.. rows.Select(row => row[..columns])],
            (column, text) => column == 3 ? StateColours.Of(text) : "");
    }

    private static async Task<int> ShowIdsAsync(Session session)
    {
        using var call = session.Client.ShowPlansAsync(new Empty(), session.Unary);
        var plans = await call;
        if (call.GetTrailers().GetValue("left-out") is { } leftOut)
        {
            session.Screen.Say($"{leftOut} older ones found no place in the answer; --long shows all");
        }

        return ShowLines(session, plans.Ids.Select(plan => plan.Id.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>Oldest first. The server pages from the newest on, so all that is kept of each has to be gathered.</summary>
    private static async Task<List<T>> AllAsync<T>(Session session, Func<Execution, T> keep)
    {
        var draining = false;
        var all = new List<T>();
        var token = "";
        do
        {
            var request = new ListExecutionsRequest { ListedOnly = true, PageSize = PageSize, PageToken = token };
            var page = await session.Client.ListExecutionsAsync(request, session.Unary);
            all.AddRange(page.Executions.Select(keep));
            (token, draining) = (page.NextPageToken, page.Draining);
        }
        while (token.Length > 0);

        if (draining)
        {
            session.Screen.Say("the server drains: it takes no executions; drain --status shows how far it is");
        }

        all.Reverse();
        return all;
    }

    private static string[] Row(Execution execution, DateTimeOffset now) =>
    [
        execution.Id.ToString(CultureInfo.InvariantCulture),
        execution.Set,
        execution.Plan,
        StateWords.Of(execution.State),
        execution.Started is { } started ? Durations.Local(started.ToDateTimeOffset()) : "-",
        execution.Started is { } since ? Durations.Text(End(execution, now) - since.ToDateTimeOffset()) : "-",
        execution.Steps.FirstOrDefault(step => step.WaitsFor.Length > 0) is { } step ? $"'{step.Name}': {step.WaitsFor}" : "-",
    ];

    private static DateTimeOffset End(Execution execution, DateTimeOffset now) => execution.Ended?.ToDateTimeOffset() ?? now;
}
