using System.CommandLine;
using Hephaestus.Cli.CommandLine;
using Hephaestus.Cli.Connection;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Verbs;

/// <summary>Has the logs of all executions that have ended written to files on the server.</summary>
internal sealed class DumpAllHistory(Surroundings surroundings) : Verb(
    surroundings,
    "dump-all-history",
    """
    Write all scheduled plan output into files
    Only of those that have ended; the files are made on the server (its plan.rule_log).
    """)
{
    protected override async Task<int> RunAsync(ParseResult line, Session session)
    {
        var done = await session.Client.DumpHistAllAsync(new Empty(), session.Unary);
        return session.Settings.Json
            ? ShowJson(session, json => ProtoJson.Write(json, done))
            : ShowLines(session, ["All executions that have ended are written to files"]);
    }
}
