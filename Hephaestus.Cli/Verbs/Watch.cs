using System.CommandLine;
using Hephaestus.Cli.CommandLine;
using Hephaestus.Cli.Connection;
using Hephaestus.Cli.Watching;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Verbs;

/// <summary>Executions and the catalogue as they change, a line each change.</summary>
internal sealed class Watch : Verb
{
    private readonly Option<string> _set = new("--set") { HelpName = "SET", Description = "Only this plan set" };
    private readonly Option<string> _plan = new("--plan") { HelpName = "PLAN", Description = "Only plans of this name" };
    private readonly Option<uint> _id = VerbOptions.Id();
    private readonly Option<TimeSpan?> _retryFor = VerbOptions.RetryFor();

    public Watch(Surroundings surroundings)
        : base(
            surroundings,
            "watch",
            """
            Show executions and plan files as they change
            It begins with what has not ended, and goes on until it is interrupted.
            JSON: each line has a type. At first, and after a server has lost its history: execution (one that has
            not ended) and snapshot; set, plan and catalogue_complete. Then: event (whose field event says which);
            set, set_removed, plan (new or changed), plan_removed.
            """)
    {
        (_id.Required, _id.Description) = (false, "Only this execution, and no plan files");
        foreach (var option in new Option[] { _set, _plan, _id, _retryFor })
        {
            Options.Add(option);
        }
    }

    protected override TimeSpan? RetryFor(ParseResult line) => line.GetValue(_retryFor);

    protected override async Task<int> RunAsync(ParseResult line, Session session)
    {
        var request = new WatchExecutionsRequest
        {
            Set = line.GetValue(_set) ?? "",
            Plan = line.GetValue(_plan) ?? "",
            Id = line.GetValue(_id),
        };
        IChangeLines lines = session.Settings.Json
            ? new JsonChanges(session.Screen)
            : new TextChanges(session.Screen, TimeProvider.System);
        session.Screen.ExitWhenClosed();
        var changes = new Changes(session, lines, request);
        if (request.Id == 0)
        {
            await await Task.WhenAny(changes.OfExecutionsAsync(), changes.OfCatalogueAsync());
        }
        else
        {
            // Else a watch of nothing would wait for ever without a word.
            await session.FindAsync(request.Id);
            await changes.OfExecutionsAsync();
        }

        return ExitCodes.Done;
    }
}
