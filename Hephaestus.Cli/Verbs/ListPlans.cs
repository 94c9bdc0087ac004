using System.CommandLine;
using Hephaestus.Cli.CommandLine;
using Hephaestus.Cli.Connection;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Verbs;

/// <summary>The names of a set's plans, one a line.</summary>
internal sealed class ListPlans : Verb
{
    private readonly Option<string> _set = VerbOptions.Set();

    public ListPlans(Surroundings surroundings)
        : base(surroundings, "list-plans", "List all plan within a set") => Options.Add(_set);

    protected override async Task<int> RunAsync(ParseResult line, Session session)
    {
        var plans = await session.Client.ListPlansAsync(new PlanSetArg { Name = line.GetValue(_set) }, session.Unary);
        return session.Settings.Json
            ? ShowJson(session, json => json.WriteNames("plans", plans.List_))
            : ShowLines(session, plans.List_);
    }
}
