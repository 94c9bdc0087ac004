using System.Text.Json;
using Hephaestus.Server.Catalogue;

namespace Hephaestus.Server.Journal;

/// <summary>The plan sets of which the journal has executions, as one view of it sees them; they need not be there any more.</summary>
internal sealed class KnownSets(JournalConnection connection)
{
    /// <summary>Those that are among some, sorted. The cost grows with the sets, not with the executions.</summary>
    public IReadOnlyList<string> Within(SetGlobs reach) => [.. All().Where(reach.Covers)];

    /// <summary>The same as a parameter of a statement, for <c>IN (SELECT value FROM json_each($1))</c>.</summary>
    public string Parameter(SetGlobs reach) => $"[{string.Join(',', Within(reach).Select(name => $"\"{JsonEncodedText.Encode(name)}\""))}]";

    private IEnumerable<string> All()
    {
        // From name to name by the index: SELECT DISTINCT would walk through all executions.
        for (var name = Next(""); name is not null; name = Next(name))
        {
            yield return name;
        }
    }

    private string? Next(string name) => connection.Rows(
        "SELECT set_name FROM executions INDEXED BY executions_by_set WHERE set_name > $1 ORDER BY set_name LIMIT 1",
        row => row.GetString(0),
        name).SingleOrDefault();
}
