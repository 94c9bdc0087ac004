using System.Collections.Immutable;

namespace Hephaestus.Tests.Chaos.Plans;

/// <summary>A plan of which all is known: its file, and what must come of it.</summary>
/// <param name="Version">Which text of the plan's file it is, from 1.</param>
internal sealed record ChaosPlan(string Name, int Version, ImmutableArray<ChaosStep> Steps)
{
    /// <summary>The set of all plans.</summary>
    public const string Set = "chaos";

    /// <summary>The one variable that plans may have as a parameter.</summary>
    public const string Parameter = "COLOUR";

    public int Concurrency { get; init; } = 1;

    /// <summary>allow, skip or queue.</summary>
    public string Overlap { get; init; } = "allow";

    public bool TakesParameter { get; init; }

    /// <summary>Its text has a mistake; it is refused.</summary>
    public bool IsBroken { get; init; }

    /// <summary>It has a step that ends only when it is cancelled.</summary>
    public bool IsEndless =>
        Steps.Any(step => step is { Timeout: null } && step.Script.Finishes.Any(finish => finish is Finish.Hang));

    /// <summary>The id in its plan tag, or what stands in its mistake: tells the version.</summary>
    public string Tag => $"{Name} version {Version}";

    public string Text => $"""
        <plan id="{Tag}" concurrency="{Concurrency}" overlap="{Overlap}"{(TakesParameter ? $" params=\"{Parameter}\"" : "")}></plan>
        {(IsBroken ? $"<step name=\"broken\" parent=\"{Tag}\">true</step>\n" : "")}{string.Join('\n', Steps.Select(step => step.Text(Steps)))}

        """;
}

/// <summary>One step of it.</summary>
/// <param name="Number">From 1, in file order.</param>
/// <param name="Parent">The parent's number; 0: none.</param>
internal sealed record ChaosStep(int Number, string Name, bool IsRecovery, int Parent, Script Script)
{
    public int Retries { get; init; }

    /// <summary>Seconds after an attempt.</summary>
    public int RetryDelay { get; init; }

    /// <summary>Seconds that an attempt may take.</summary>
    public int? Timeout { get; init; }

    /// <summary>Its directory is not there: it cannot be started.</summary>
    public bool IsHomeless { get; init; }

    public string Text(ImmutableArray<ChaosStep> all)
    {
        var tag = IsRecovery ? "recovery" : "step";
        string?[] attributes =
        [
            $"name=\"{Name}\"",
            Parent > 0 ? $"parent=\"{all[Parent - 1].Name}\"" : null,
            Retries > 0 ? $"retries=\"{Retries}\"" : null,
            RetryDelay > 0 ? $"retry-delay=\"{RetryDelay}s\"" : null,
            Timeout is { } seconds ? $"timeout=\"{seconds}s\"" : null,
            IsHomeless ? "cwd=\"nowhere\"" : null,
        ];
        return $"<{tag} {string.Join(' ', attributes.OfType<string>())}>\n{Script.Bash(Number)}\n</{tag}>";
    }
}
