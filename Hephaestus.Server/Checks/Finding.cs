namespace Hephaestus.Server.Checks;

/// <summary>What an examination found; a line for the operator.</summary>
/// <param name="Weight">Null: nothing is wrong, it is only said.</param>
internal sealed record Finding(Plans.Severity? Weight, string Text)
{
    public bool IsError => Weight == Plans.Severity.Error;

    public static Finding Error(string text) => new(Plans.Severity.Error, text);

    public static Finding Warning(string text) => new(Plans.Severity.Warning, text);

    public static Finding Fact(string text) => new(null, text);

    public override string ToString() => Weight switch
    {
        Plans.Severity.Error => $"error: {Text}",
        Plans.Severity.Warning => $"warning: {Text}",
        _ => Text,
    };
}

/// <summary>Many findings of one kind, of which the first are told and the others counted.</summary>
internal static class Findings
{
    private const int Told = 10;

    public static IEnumerable<Finding> Bounded(this IEnumerable<Finding> findings)
    {
        var rest = 0;
        Finding? last = null;
        foreach (var (index, finding) in findings.Index())
        {
            if (index < Told)
            {
                yield return finding;
            }
            else
            {
                (rest, last) = (rest + 1, finding);
            }
        }

        if (last is not null)
        {
            yield return new Finding(last.Weight, $"and {rest} more of this kind");
        }
    }
}
