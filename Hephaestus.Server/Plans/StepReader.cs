using System.Collections.Immutable;
using System.Text;

namespace Hephaestus.Server.Plans;

/// <summary>Reads what concerns one step alone.</summary>
internal sealed class StepReader(Findings findings, Tag tag)
{
    // One argument and one variable ("NAME=value") of a new process, with the NUL that ends it: MAX_ARG_STRLEN, execve(2).
    private const int LongestArgument = 128 * 1024;

    /// <summary>An optional attribute that makes no sense when it is empty.</summary>
    public string? Filled(string name, string otherwise)
    {
        if (tag.Find(name) is not { } attribute)
        {
            return null;
        }

        if (attribute.Value.Trim() == "")
        {
            findings.Error(attribute.ValueOffset, $"the {name} is empty; leave the attribute out, and {otherwise}");
        }

        return attribute.Value;
    }

    /// <summary>The body.</summary>
    public string Command()
    {
        if (Encoding.UTF8.GetByteCount(tag.Body) >= LongestArgument)
        {
            findings.Error(
                tag.Offset,
                "the command has 128 KiB or more, which Linux does not pass to a program; put it into a script of its own");
        }

        if (tag.Body.AsSpan().Trim().IsEmpty && !tag.Damaged)
        {
            findings.Warning(tag.Offset, "the command is empty: the step does nothing and ends OK");
        }

        return tag.Body;
    }

    /// <summary>The variables, in order; of two with one name the later one counts.</summary>
    public ImmutableArray<Variable> Variables()
    {
        var variables = new List<Variable>();
        var indexes = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var attribute in tag.Attributes.Where(attribute => attribute.Name == "setenv"))
        {
            var variable = ReadVariable(attribute);
            if (indexes.TryAdd(variable.Name, variables.Count))
            {
                variables.Add(variable);
                continue;
            }

            findings.Warning(attribute.Offset, $"{Spelling.Quote(variable.Name)} is set twice in this tag; the later value counts");
            variables[indexes[variable.Name]] = variable;
        }

        return [.. variables];
    }

    private Variable ReadVariable(TagAttribute attribute)
    {
        var text = attribute.Value.AsSpan().TrimStart();
        var offset = attribute.ValueOffset + attribute.Value.Length - text.Length;
        var length = 0;
        while (length < text.Length && !char.IsWhiteSpace(text[length]))
        {
            length++;
        }

        var variable = new Variable(text[..length].ToString(), text[length..].TrimStart().ToString());
        CheckName(variable.Name, offset);
        if (Encoding.UTF8.GetByteCount(variable.Name) + Encoding.UTF8.GetByteCount(variable.Value) + 1 >= LongestArgument)
        {
            findings.Error(offset, "the variable has 128 KiB or more, which Linux does not pass to a program");
        }

        return variable;
    }

    private void CheckName(string name, int offset)
    {
        if (name == "")
        {
            findings.Error(offset, "setenv is empty; write setenv=\"NAME value\"");
        }
        else if (VariableNames.Fault(name) is { } fault)
        {
            findings.Error(offset, VariableNames.IsOwn(name) ? fault : $"{fault}; write setenv=\"NAME value\"");
        }
    }
}
