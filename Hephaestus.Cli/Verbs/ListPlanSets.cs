using System.CommandLine;
using Hephaestus.Cli.CommandLine;
using Hephaestus.Cli.Connection;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Verbs;

/// <summary>The names of all plan sets, one a line.</summary>
internal sealed class ListPlanSets(Surroundings surroundings) : Verb(surroundings, "list-plan-sets", "List all plan set")
{
    protected override async Task<int> RunAsync(ParseResult line, Session session)
    {
        var sets = await session.Client.ListPlanSetsAsync(new Empty(), session.Unary);
        return session.Settings.Json
            ? ShowJson(session, json => json.WriteNames("sets", sets.List_))
            : ShowLines(session, sets.List_);
    }
}
