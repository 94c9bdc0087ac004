namespace Hephaestus.Server.Plans;

/// <summary>Whether a tag may have the attributes that it has.</summary>
internal sealed class AttributeCheck(Findings findings)
{
    // A typo would silently change what runs, so that what resembles a known attribute is taken for one.
    private const int Resembling = 2;

    public void Check(Tag tag)
    {
        var known = KnownAttribute.Of(tag.Kind).ToDictionary(attribute => attribute.Name, StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var attribute in tag.Attributes)
        {
            if (!known.TryGetValue(attribute.Name, out var rule))
            {
                ReportUnknown(attribute, known.Keys);
                continue;
            }

            if (rule.Reserved)
            {
                findings.Error(
                    attribute.Offset,
                    $"\"{rule.Name}\" is not supported yet; without it the plan would not do what it says, so that it is not run");
            }

            if (!seen.Add(rule.Name) && !rule.Repeatable)
            {
                findings.Error(attribute.Offset, $"\"{rule.Name}\" stands twice in this tag");
            }
        }
    }

    private void ReportUnknown(TagAttribute attribute, IEnumerable<string> known)
    {
        var name = Spelling.Quote(attribute.Name);
        if (Spelling.Nearest(attribute.Name, known, Resembling) is { } guess)
        {
            findings.Error(attribute.Offset, $"there is no attribute {name}; did you mean \"{guess}\"?");
        }
        else
        {
            findings.Warning(attribute.Offset, $"there is no attribute {name}; it is ignored");
        }
    }
}
