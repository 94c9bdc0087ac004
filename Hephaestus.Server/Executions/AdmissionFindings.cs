using Hephaestus.Server.Plans;

namespace Hephaestus.Server.Executions;

/// <summary>What keeps a plan from starting at once, in words. Pure.</summary>
internal static class AdmissionFindings
{
    private const int MostNamed = 5;

    public static IEnumerable<PlanFinding> Of(Plan plan, AdmissionOutlook admission) => admission switch
    {
        { Refusal: OverlapException overlap } => [new(Severity.Error, plan.At, "", overlap.Message)],
        { Refusal: { } refusal } => [new(Severity.Error, default, "", refusal.Message.TrimEnd('.')) { OfServer = true }],
        { Turn.AtOnce: true } => [],
        _ => Waits(plan, admission.Turn),
    };

    private static IEnumerable<PlanFinding> Waits(Plan plan, TurnOutlook turn)
    {
        if (!turn.Before.IsEmpty)
        {
            var named = string.Join(", ", turn.Before.Take(MostNamed));
            var more = turn.Before.Length > MostNamed ? $" and {turn.Before.Length - MostNamed} more" : "";
            yield return new(Severity.Warning, plan.At, "", $"it would wait for the end of execution {named}{more}: its overlap is \"queue\"");
        }

        if (turn.Running >= turn.Limit)
        {
            yield return new(
                Severity.Warning,
                default,
                "",
                $"it would wait for its turn: {turn.Running} executions run, exec.max_concurrent allows {turn.Limit}, and {turn.Waiting} wait already")
            {
                OfServer = true,
            };
        }
    }
}
