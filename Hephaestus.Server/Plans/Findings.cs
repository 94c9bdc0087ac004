namespace Hephaestus.Server.Plans;

/// <summary>
/// Gathers what is wrong with a text. Bounded: beyond <see cref="Most"/> findings are only counted, and a last one
/// says how many there are.
/// </summary>
internal sealed class Findings(PlanText text)
{
    /// <summary>So many are told one by one; nobody mends more at once.</summary>
    public const int Most = 100;

    private readonly List<Diagnostic> _told = [];
    private int _untold;
    private bool _refused;

    /// <summary>Whether a further one would only be counted; what costs effort to say need not be found out then.</summary>
    public bool Full => _told.Count >= Most;

    /// <summary>The line, from 1, of a place in the text.</summary>
    public int LineOf(int offset) => text.PositionOf(offset).Line;

    /// <summary>Line and column of a place in the text.</summary>
    public TextPosition PlaceOf(int offset)
    {
        var (line, column) = text.PositionOf(offset);
        return new TextPosition(line, column);
    }

    /// <summary>The plan must not run.</summary>
    public void Error(int offset, string message) => Add(Severity.Error, text.PositionOf(offset), message);

    /// <summary>The plan must not run, and no single place is to blame.</summary>
    public void Error(string message) => Add(Severity.Error, (0, 0), message);

    /// <summary>The plan may run; whoever looks at it is told.</summary>
    public void Warning(int offset, string message) => Add(Severity.Warning, text.PositionOf(offset), message);

    /// <summary>Like <see cref="Warning(int,string)"/>, of the file as a whole.</summary>
    public void Warning(string message) => Add(Severity.Warning, (0, 0), message);

    /// <summary>The reading: with the plan if nothing forbids it.</summary>
    public PlanReading Conclude(Plan plan)
    {
        IEnumerable<Diagnostic> inOrder = _told.OrderBy(d => d.Line).ThenBy(d => d.Column);
        if (_untold > 0)
        {
            var severity = _refused ? Severity.Error : Severity.Warning;
            inOrder = inOrder.Append(new Diagnostic(severity, 0, 0, $"and {_untold} more like these"));
        }

        return new PlanReading(_refused ? null : plan, [.. inOrder]);
    }

    private void Add(Severity severity, (int Line, int Column) position, string message)
    {
        _refused |= severity == Severity.Error;
        if (Full)
        {
            _untold++;
            return;
        }

        _told.Add(new Diagnostic(severity, position.Line, position.Column, message));
    }
}
