using System.Collections.Immutable;

namespace Hephaestus.Server.Plans;

/// <summary>Makes a plan of its tags and tells what they lack.</summary>
internal sealed class PlanBuilder(Findings findings)
{
    private static readonly TimeSpan s_leastTimeout = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, (int Number, int Offset)> _names = new(StringComparer.Ordinal);

    /// <summary>The plan; of use only if nothing was found that forbids it.</summary>
    public Plan Build(ImmutableArray<Tag> tags)
    {
        foreach (var tag in tags)
        {
            new AttributeCheck(findings).Check(tag);
        }

        var id = ReadId([.. tags.Where(tag => tag.Kind == TagKind.Plan)]);
        ImmutableArray<Tag> steps = [.. tags.Where(tag => tag.Kind != TagKind.Plan)];
        if (steps.IsEmpty)
        {
            findings.Warning("the plan has no steps: it ends OK at once");
        }

        NameSteps(steps);
        var head = tags.FirstOrDefault(tag => tag.Kind == TagKind.Plan);
        var values = head is null ? null : new ValueReader(findings, head);
        return new Plan(id, [.. steps.Select((tag, index) => BuildStep(tag, index + 1))])
        {
            Concurrency = values?.Number("concurrency", 1, 1000) ?? 1,
            Timeout = values?.Duration("timeout", s_leastTimeout),
            Overlap = values?.Word<Overlap>("overlap") ?? Overlap.Allow,
            Parameters = values?.Names("params") ?? [],
            At = findings.PlaceOf(head?.Offset ?? 0),
        };
    }

    private string ReadId(ImmutableArray<Tag> plans)
    {
        if (plans is [])
        {
            findings.Error(0, "there is no <plan id=\"…\"></plan>");
            return "";
        }

        foreach (var second in plans.Skip(1))
        {
            findings.Error(second.Offset, "a second <plan>; a file holds one plan");
        }

        foreach (var plan in plans)
        {
            CheckPlanBody(plan);
        }

        return Required(plans[0], "id");
    }

    private void CheckPlanBody(Tag plan)
    {
        var offset = plan.BodyOffset;
        foreach (var line in plan.Body.Split('\n'))
        {
            if (line.AsSpan().TrimStart(" \t") is not ([] or ['#', ..]))
            {
                findings.Error(offset, "text inside of <plan>; steps stand after </plan>");
                return;
            }

            offset += line.Length + 1;
        }
    }

    private void NameSteps(ImmutableArray<Tag> steps)
    {
        foreach (var (index, tag) in steps.Index())
        {
            var name = Required(tag, "name");
            if (name != "" && !_names.TryAdd(name, (index + 1, tag.Offset)))
            {
                findings.Error(
                    tag.Find("name")!.ValueOffset,
                    $"the name {Spelling.Quote(name)} is taken by step {_names[name].Number}; names are unique in a plan");
            }
        }
    }

    private PlanStep BuildStep(Tag tag, int number)
    {
        var step = new StepReader(findings, tag);
        var values = new ValueReader(findings, tag);
        return new PlanStep(
            number,
            tag.Kind == TagKind.Recovery ? StepKind.Recovery : StepKind.Step,
            tag.Find("name")?.Value ?? "",
            tag.Find("desc")?.Value ?? "",
            FindParent(tag, number),
            step.Filled("user", "the server's own user runs the step"),
            step.Filled("cwd", "the step runs in the server's own directory"),
            step.Variables(),
            step.Command())
        {
            At = findings.PlaceOf(tag.Offset),
            UserAt = PlaceOf(tag, "user"),
            WorkingDirectoryAt = PlaceOf(tag, "cwd"),
            FirstLine = findings.LineOf(tag.BodyOffset),
            Timeout = values.Duration("timeout", s_leastTimeout),
            Grace = values.Duration("grace", least: TimeSpan.Zero),
            Retries = values.Number("retries", 0, 1000) ?? 0,
            RetryDelay = values.Duration("retry-delay", least: TimeSpan.Zero) ?? TimeSpan.Zero,
        };
    }

    private TextPosition PlaceOf(Tag tag, string attribute) =>
        tag.Find(attribute) is { } found ? findings.PlaceOf(found.ValueOffset) : default;

    private int FindParent(Tag tag, int number)
    {
        if (tag.Find("parent") is not { } parent)
        {
            if (tag is { Kind: TagKind.Recovery, Damaged: false })
            {
                findings.Error(tag.Offset, "a recovery needs a parent: it runs when that one did not end OK");
            }

            return 0;
        }

        if (_names.TryGetValue(parent.Value, out var found) && found.Number < number)
        {
            return found.Number;
        }

        findings.Error(parent.ValueOffset, WhyNoParent(parent.Value, found.Number, number));
        return 0;
    }

    private string WhyNoParent(string parent, int found, int number) =>
        parent == "" ? "the parent is empty; leave the attribute out when there is none"
        : found == number ? "a step cannot be its own parent"
        : found > number ? $"the parent {Spelling.Quote(parent)} stands later in the file; a parent must stand before its children"
        : Guess(parent) is { } guess ? $"there is no step {Spelling.Quote(parent)}; did you mean {Spelling.Quote(guess)}?"
        : $"there is no step {Spelling.Quote(parent)}";

    private string? Guess(string parent) =>
        findings.Full ? null : Spelling.Nearest(parent, _names.Keys, most: Math.Max(2, parent.Length / 3));

    private string Required(Tag tag, string name)
    {
        if (tag.Find(name) is not { } attribute)
        {
            if (!tag.Damaged)
            {
                findings.Error(tag.Offset, $"the {name} is missing; write <{tag.Kind.Name()} {name}=\"…\">");
            }

            return "";
        }

        if (attribute.Value.Trim() == "")
        {
            findings.Error(attribute.ValueOffset, $"the {name} is empty");
            return "";
        }

        if (attribute.Value.Any(char.IsControl))
        {
            findings.Error(attribute.ValueOffset, $"the {name} holds a control character; it must be one line of text");
        }

        return attribute.Value;
    }
}
