namespace Hephaestus.Server.Plans;

/// <summary>
/// Reads a plan's text. The format looks like XML and is not: <c>&amp;</c>, <c>&lt;</c>, <c>&gt;</c> stand for
/// themselves, there are no escapes, and a body is what its author wrote. docs/plans.md is the reference.
/// </summary>
internal static class PlanParser
{
    /// <summary>A longer text is refused unread: 1 MiB.</summary>
    public const int MaximumBytes = 1 << 20;

    /// <summary>
    /// The plan, or null and everything that is wrong with the text, in the order of the text. Any bytes will do: it
    /// never throws.
    /// </summary>
    public static PlanReading Parse(ReadOnlySpan<byte> text)
    {
        if (text.Length > MaximumBytes)
        {
            return PlanReading.Refused("the file is larger than 1 MiB, the most that a plan may have");
        }

        var source = PlanText.Decode(text);
        var findings = new Findings(source);
        ReportDamage(source, findings);
        var tags = new TagReader(source.Characters, findings).Read();
        return findings.Conclude(new PlanBuilder(findings).Build(tags));
    }

    private static void ReportDamage(PlanText source, Findings findings)
    {
        foreach (var offset in source.Damaged)
        {
            findings.Error(offset, "this is not UTF-8; save the file in UTF-8");
        }

        for (var at = source.Characters.IndexOf('\0'); at >= 0; at = source.Characters.IndexOf('\0', at + 1))
        {
            findings.Error(at, "a NUL byte; a plan is text");
        }
    }
}
