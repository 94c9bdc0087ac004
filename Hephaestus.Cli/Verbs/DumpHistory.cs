using System.CommandLine;
using Hephaestus.Cli.CommandLine;
using Hephaestus.Cli.Connection;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Verbs;

/// <summary>Has the log of an execution that has ended written to a file on the server.</summary>
internal sealed class DumpHistory : Verb
{
    private readonly Option<uint> _id = VerbOptions.Id();

    public DumpHistory(Surroundings surroundings)
        : base(
            surroundings,
            "dump-history",
            """
            Write a specific scheduled plan output into file
            The file is made on the server (its plan.rule_log), and plans lists the scheduled plan no more.
            """) => Options.Add(_id);

    protected override async Task<int> RunAsync(ParseResult line, Session session)
    {
        var id = line.GetValue(_id);
        await session.Client.DumpHistAsync(new PlanId { Id = id }, session.Unary);
        return session.Settings.Json
            ? ShowJson(session, json => ProtoJson.Write(json, new PlanId { Id = id }))
            : ShowLines(session, [$"Execution {id} is written to a file"]);
    }
}
