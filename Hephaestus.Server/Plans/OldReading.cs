using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Hephaestus.Server.Plans;

/// <summary>Where the first server ran something else for a body, and why.</summary>
/// <param name="Line">Of the body, from 1.</param>
internal sealed record ReadingDifference(int Line, string Reason);

/// <summary>
/// How the first server read a body: lines that begin with <c>#</c> thrown away, the words of all others joined by
/// single blanks to ONE command line. Bodies are now run as written; this tells which ones that changes.
/// </summary>
internal static partial class OldReading
{
    /// <summary>The command line that the first server ran for a body.</summary>
    public static string Command(string body) => string.Join(' ', body
        .Split('\n')
        .Where(line => !line.StartsWith('#'))
        .SelectMany(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));

    /// <summary>
    /// The places where the two readings of a body differ in what bash does; none for a body that means the same. Bash's
    /// quoting is followed without its nesting (quotes inside of <c>"$(…)"</c>); in doubt a place is told.
    /// </summary>
    public static ImmutableArray<ReadingDifference> Differences(string body)
    {
        var differences = ImmutableArray.CreateBuilder<ReadingDifference>();
        var before = LineState.First;
        var quote = Quoting.None;
        var lines = body.Split('\n');
        foreach (var (index, line) in lines.Index())
        {
            var number = index + 1;
            if (line.StartsWith('#') || (quote == Quoting.None && string.IsNullOrWhiteSpace(line)))
            {
                if (quote != Quoting.None || (before == LineState.Continued && line.StartsWith('#')))
                {
                    differences.Add(new(number, "a line that begins with # was dropped; now it belongs to the command"));
                }

                continue;
            }

            if (Joined(before, quote) is { } reason)
            {
                differences.Add(new(number, reason));
            }

            var scanned = new LineScan(line, quote, isLast: number == lines.Length);
            differences.AddRange(scanned.Reasons().Select(told => new ReadingDifference(number, told)));
            (quote, before) = (scanned.EndsIn, scanned.State);
        }

        return differences.ToImmutable();
    }

    private static string? Joined(LineState before, Quoting quote) => (before, quote) switch
    {
        (_, not Quoting.None) => "a new line inside of quotes was a blank; now it is a new line",
        (LineState.Ended, _) => "this line was joined to the one before; now it is a command of its own",
        (LineState.Commented, _) => "this line was part of the comment before; now it is run",
        _ => null,
    };

    /// <summary>The quotes that a place in a line stands in.</summary>
    internal enum Quoting
    {
        None,
        Single,
        Double,
    }

    /// <summary>What a line's end means to bash.</summary>
    internal enum LineState
    {
        /// <summary>There is no line before.</summary>
        First,

        /// <summary>The same as a blank: an operator or a keyword stands before it.</summary>
        Open,

        /// <summary>The same as nothing: a backslash stands before it.</summary>
        Continued,

        /// <summary>The end of a command.</summary>
        Ended,

        /// <summary>The end of a comment.</summary>
        Commented,
    }

    [GeneratedRegex(@"(&&|\|\|?|\|&|;|&|\(|(^|[\s;&|(])(\{|then|do|else|elif|if|while|until|!))\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex OpenEnd { get; }

    /// <summary>One line, read as bash does.</summary>
    private sealed class LineScan
    {
        private const string Blanks = "a run of blanks or a tab in quotes was one blank; now it stays as written";
        private const string HereDocument = "a here-document was joined to one line; now it is one";

        private readonly string _line;
        private readonly bool _isLast;
        private bool _blanks;
        private bool _hereDocument;
        private bool _comment;
        private bool _continued;

        public LineScan(string line, Quoting quote, bool isLast)
        {
            _line = line;
            _isLast = isLast;
            EndsIn = quote;
            for (var i = 0; i < line.Length && !_comment; i++)
            {
                i += Step(i);
            }
        }

        public Quoting EndsIn { get; private set; }

        public LineState State =>
            _comment ? LineState.Commented
            : _continued ? LineState.Continued
            : OpenEnd.IsMatch(_line) ? LineState.Open
            : LineState.Ended;

        public IEnumerable<string> Reasons()
        {
            if (_blanks)
            {
                yield return Blanks;
            }

            if (_hereDocument && !_isLast)
            {
                yield return HereDocument;
            }
        }

        /// <summary>Reads the character at <paramref name="i"/>; how many more it took.</summary>
        private int Step(int i)
        {
            var character = _line[i];
            if (character == '\\' && EndsIn != Quoting.Single)
            {
                _continued = i == _line.Length - 1;
                _blanks |= IsRun(i + 1);
                return 1;
            }

            if (EndsIn != Quoting.None)
            {
                _blanks |= IsRun(i);
                EndsIn = character == (EndsIn == Quoting.Single ? '\'' : '"') ? Quoting.None : EndsIn;
                return 0;
            }

            EndsIn = character == '\'' ? Quoting.Single : character == '"' ? Quoting.Double : Quoting.None;
            _comment = character == '#' && (i == 0 || char.IsWhiteSpace(_line[i - 1]) || _line[i - 1] is ';' or '&' or '|' or '(');
            return Redirection(i);
        }

        private int Redirection(int i)
        {
            var here = _line.AsSpan(i);
            var isWord = here.StartsWith("<<<");
            _hereDocument |= here.StartsWith("<<") && !isWord;
            return isWord ? 2 : here.StartsWith("<<") ? 1 : 0;
        }

        private bool IsRun(int i) =>
            i < _line.Length && (_line[i] == '\t' || (_line[i] == ' ' && i + 1 < _line.Length && char.IsWhiteSpace(_line[i + 1])));
    }
}
