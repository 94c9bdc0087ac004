using Hephaestus.Cli.Connection;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Verbs;

/// <summary>What exec would do, told instead of done; the exit code says whether it would come off.</summary>
internal static class DryRun
{
    /// <summary>A plan, as it would run now.</summary>
    public static async Task<int> OfPlanAsync(Session session, CheckPlanRequest request)
    {
        var check = await session.Client.CheckPlanAsync(request, session.Unary);
        if (session.Settings.Json)
        {
            session.Screen.WriteDocument(json => ProtoJson.Write(json, check));
        }
        else
        {
            foreach (var text in PlanCheckText.Lines(check))
            {
                session.Screen.WriteLine(text);
            }
        }

        return check.Findings.Any(found => found.Error) ? ExitCodes.Refused : ExitCodes.Done;
    }

    /// <summary>An ended execution, as it would go on.</summary>
    public static async Task<int> OfResumeAsync(Session session, uint ended)
    {
        var request = new ResumeExecutionRequest { Id = ended, CheckOnly = true };
        var execution = await session.Client.ResumeExecutionAsync(request, session.Unary);
        if (session.Settings.Json)
        {
            session.Screen.WriteDocument(json => ProtoJson.Write(json, execution));
            return ExitCodes.Done;
        }

        session.Screen.WriteLine($"Plan:       {execution.Set}/{execution.Plan} as execution {ended} pinned it");
        foreach (var step in execution.Steps)
        {
            session.Screen.WriteLine($"{step.Number}. {step.Type} '{step.Name}' {(step.Outcome is null ? "runs again, if its turn comes" : "keeps its result, OK")}");
        }

        session.Screen.WriteLine("Nothing was run.");
        return ExitCodes.Done;
    }
}
