using System.CommandLine;
using Hephaestus.Cli.CommandLine;
using Hephaestus.Cli.Connection;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Verbs;

/// <summary>Asks for an execution to be cancelled; its end comes later.</summary>
internal sealed class Cancel : Verb
{
    private readonly Option<uint> _id = VerbOptions.Id();
    private readonly Option<string> _reason = new("--reason") { HelpName = "TEXT", Description = "Told in the log" };

    public Cancel(Surroundings surroundings)
        : base(
            surroundings,
            "cancel",
            """
            Cancel a scheduled plan
            Its running steps are asked to end and killed when they do not; what has not run does not run.
            """)
    {
        Options.Add(_id);
        Options.Add(_reason);
    }

    protected override async Task<int> RunAsync(ParseResult line, Session session)
    {
        var request = new CancelExecutionRequest { Id = line.GetValue(_id), Reason = line.GetValue(_reason) ?? "" };
        var execution = await session.Client.CancelExecutionAsync(request, session.Unary);
        return session.Settings.Json
            ? ShowJson(session, json => ProtoJson.Write(json, execution))
            : ShowLines(session, [Told(execution)]);
    }

    private static string Told(Execution execution) => execution.Ended is null
        ? $"Execution {execution.Id} ({execution.Set}/{execution.Plan}) is being cancelled"
        : $"Execution {execution.Id} ({execution.Set}/{execution.Plan}) has ended: {StateWords.Of(execution.State)}";
}
