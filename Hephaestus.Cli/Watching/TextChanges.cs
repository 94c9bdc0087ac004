using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Watching;

/// <summary>Changes as lines for people.</summary>
internal sealed class TextChanges(Screen screen, TimeProvider time) : IChangeLines
{
    private readonly EventText _text = new();

    private string Now => Durations.Local(time.GetUtcNow());

    public void Write(ExecutionSnapshot snapshot)
    {
        foreach (var execution in snapshot.Executions.Reverse())
        {
            screen.WriteLine(_text.Of(execution));
        }

        if (snapshot.LeftOut > 0)
        {
            screen.Say($"{snapshot.LeftOut} older ones found no place in the answer; plans --long shows them");
        }
    }

    public void Write(ExecutionEvent happened) => screen.WriteLine(_text.Of(happened));

    public void Write(CatalogueChange change, bool first)
    {
        if (first)
        {
            screen.WriteLine($"{Now} {Summary(change)}");
            return;
        }

        foreach (var line in Lines(change))
        {
            screen.WriteLine($"{Now} {line}".ReplaceLineEndings(" "));
        }
    }

    private static string Summary(CatalogueChange all)
    {
        var broken = all.Plans.Count(plan => !plan.Runnable);
        return $"{EventText.Counted(all.SetsAdded.Count, "plan set")} with {EventText.Counted(all.Plans.Count, "plan")}"
            + (broken > 0 ? $", {broken} of them with errors" : "");
    }

    private static IEnumerable<string> Lines(CatalogueChange change) =>
    [
        .. change.SetsRemoved.Select(set => $"plan set {set} removed"),
        .. change.SetsAdded.Select(set => $"plan set {set} added"),
        .. change.PlansRemoved.Select(plan => $"plan {plan.Set}/{plan.Name} removed"),
        .. change.Plans.Select(Line),
    ];

    private static string Line(PlanSummary plan)
    {
        var errors = plan.Diagnostics.Where(found => found.Error).ToArray();
        return $"plan {plan.Set}/{plan.Name} changed: " + errors switch
        {
            [] => EventText.Counted((int)plan.Steps, "step"),
            [var only] => only.Text(),
            [var first, ..] => $"{errors.Length} errors, the first: {first.Text()}",
        };
    }
}
