namespace Hephaestus.Tests.Chaos.Plans;

/// <summary>How a command ends.</summary>
internal abstract record Finish
{
    public abstract string Bash { get; }

    internal sealed record Exit(int Code) : Finish
    {
        public override string Bash => $"exit {Code}";
    }

    /// <summary>By a signal that it sends to itself.</summary>
    internal sealed record Signal(int Number) : Finish
    {
        public override string Bash => $"kill -{Number} $$";
    }

    /// <summary>Not by itself: its time is up some day, or it is cancelled.</summary>
    internal sealed record Hang : Finish
    {
        public override string Bash => "sleep 1000";
    }
}
