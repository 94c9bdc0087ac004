using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Hephaestus.Tests.Chaos.Plans;

namespace Hephaestus.Tests.Chaos.Acts;

/// <summary>All that a round does, known before it begins: two lanes of acts that run side by side.</summary>
/// <param name="Plans">The first version of each plan.</param>
/// <param name="Work">What is asked of the server.</param>
/// <param name="Trouble">What happens to it.</param>
internal sealed record Scenario(
    int Seed, int Round, ImmutableArray<ChaosPlan> Plans, ImmutableArray<Act> Work, ImmutableArray<Act> Trouble)
{
    public int MaxConcurrent { get; init; }

    /// <summary>The state lies on a file system that can be filled.</summary>
    public bool IsOnSmallDisk { get; init; }

    /// <summary>What is told is on the disk first.</summary>
    public bool SyncsFully { get; init; }

    /// <summary>So many logs are kept when all is over and checked; null: all.</summary>
    public int? KeptInTheEnd { get; init; }

    /// <summary>How many executions are asked for.</summary>
    public int Wishes => Work.Count(act => act is Act.Execute or Act.Resume);

    /// <summary>Every text that a plan's file has at some time.</summary>
    public IEnumerable<ChaosPlan> Texts => Plans.Concat(Work.OfType<Act.Edit>().Select(edit => edit.Plan));

    public IEnumerable<string> Configuration =>
    [
        $"exec.max_concurrent = {MaxConcurrent}",
        "exec.grace = 1s",

        // Rounds drain the server, over TCP.
        "access.anonymous = admin",
        $"history.sync = {(SyncsFully ? "full" : "normal")}",
    ];

    /// <summary>The whole as text: the same seed gives the same.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
        $"seed {Seed}, round {Round}, small disk: {IsOnSmallDisk}, logs kept in the end: {KeptInTheEnd?.ToString(CultureInfo.InvariantCulture) ?? "all"}");
        text.AppendJoin('\n', Configuration).AppendLine();
        text.AppendLine("work:").AppendJoin('\n', Work.Select(Line)).AppendLine();
        text.AppendLine("trouble:").AppendJoin('\n', Trouble.Select(Line)).AppendLine();
        foreach (var plan in Texts)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"---- {plan.Tag}").Append(plan.Text);
        }

        return text.ToString();
    }

    private static string Line(Act act) => act is Act.Edit edit
        ? $"  Edit {{ After = {edit.After}, Awaited = {edit.Awaited}, Plan = {edit.Plan.Tag}, Broken = {edit.Plan.IsBroken} }}"
        : $"  {act}";
}
