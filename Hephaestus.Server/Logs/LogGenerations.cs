using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Logs;

/// <summary>
/// The boots of the machine in which a log was written. A loss of power may take the end of a log away, and what is written
/// afterwards takes the numbers of lines that somebody has seen: a position says in which generation it was handed out, and
/// one that lies in a lost part is told from one that does not.
/// </summary>
/// <param name="Kept">Lines that the second generation, the third and so on found when it began.</param>
internal sealed record LogGenerations(ImmutableArray<long> Kept)
{
    private const string FileName = "generations";

    /// <summary>A log that one boot has written.</summary>
    public static LogGenerations One { get; } = new([]);

    /// <summary>The number of the newest, from 1.</summary>
    public int Newest => Kept.Length + 1;

    /// <summary>So many of the lines that a generation had are still the same.</summary>
    /// <param name="generation">From 1; 0: not known, all are taken to be.</param>
    public long KeptOf(int generation) =>
        generation == 0 ? long.MaxValue : Kept.Skip(generation - 1).DefaultIfEmpty(long.MaxValue).Min();

    /// <summary>What a log's directory says.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static LogGenerations Read(string directory) => new([.. Lines(directory).Select(line => line.Kept)]);

    /// <summary>
    /// Notes, on the disk when this returns, that a boot goes on with a log, unless it is the one that wrote it last. To be
    /// called before anything is appended.
    /// </summary>
    /// <param name="begunIn">The boot that the first generation is of.</param>
    /// <param name="boot">This boot.</param>
    /// <param name="lines">Lines that the log has now.</param>
    /// <exception cref="IOException">There is no space; the same call may be made again.</exception>
    public static void Continue(string directory, string begunIn, string boot, long lines)
    {
        var known = Lines(directory);
        if ((known.Length == 0 ? begunIn : known[^1].Boot) != boot)
        {
            Write(directory, known.Append((boot, lines)));
        }
    }

    private static void Write(string directory, IEnumerable<(string Boot, long Kept)> generations)
    {
        var (path, text) = (Path.Combine(directory, FileName), new StringBuilder());
        foreach (var (boot, kept) in generations)
        {
            text.Append(CultureInfo.InvariantCulture, $"{boot} {kept}\n");
        }

        using (var file = Libc.Open(path + ".new", Libc.O_RDWR | Libc.O_CREAT))
        {
            RandomAccess.SetLength(file, 0);
            LogWrite.At(file, path, Encoding.UTF8.GetBytes(text.ToString()), 0);
            Libc.SyncData(file, path);
        }

        File.Move(path + ".new", path, overwrite: true);
        Libc.Sync(directory);
    }

    /// <summary>A line that says nothing sensible is of a generation that kept nothing: better refused than other content.</summary>
    private static (string Boot, long Kept)[] Lines(string directory)
    {
        var path = Path.Combine(directory, FileName);
        return File.Exists(path) ? [.. File.ReadLines(path).Select(Parse)] : [];
    }

    private static (string Boot, long Kept) Parse(string line) =>
        line.Split(' ') is [var boot, var kept] && long.TryParse(kept, NumberStyles.None, CultureInfo.InvariantCulture, out var lines)
            ? (boot, lines)
            : ("", 0);
}
