using System.Buffers.Binary;
using System.Text;
using Hephaestus.Server.Logs;

namespace Hephaestus.Tests.Logs;

/// <summary>
/// A log read the plain way, from its beginning and by nothing but what the format says; everything that the format
/// promises is checked on the way.
/// </summary>
internal sealed class NaiveLog
{
    private readonly string _directory;
    private readonly Dictionary<LogSource, string> _bytes = [];
    private readonly Dictionary<LogSource, (long End, long LineStart, long LastLine)> _ends = [];

    private NaiveLog(string directory)
    {
        _directory = directory;
        var index = File.ReadAllBytes(Path.Combine(directory, "index"));
        Assert.Equal(0, index.Length % 56);
        foreach (var record in index.Chunk(56))
        {
            Add(record);
        }
    }

    public List<ReceivedLine> Lines { get; } = [];

    public int Records { get; private set; }

    public static NaiveLog Read(string directory) => new(directory);

    /// <summary>How many bytes of a source the records cover.</summary>
    public long Covered(LogSource source) => _ends.GetValueOrDefault(source).End;

    private void Add(ReadOnlySpan<byte> record)
    {
        var (start, end) = (At(record, 8), At(record, 16));
        var source = new LogSource(BinaryPrimitives.ReadUInt16LittleEndian(record[48..]));
        var completes = (BinaryPrimitives.ReadUInt16LittleEndian(record[50..]) & 1) != 0;
        var known = _ends.GetValueOrDefault(source);
        Assert.Equal(source.IsRemark ? start : known.End, start);
        Assert.Equal(Lines.Count + 1, At(record, 24));
        Assert.Equal(source.IsRemark ? start : known.LineStart, At(record, 32));
        Assert.Equal(known.LastLine, At(record, 40));

        Records++;
        var before = Lines.Count;
        var lineStart = source.IsRemark ? start : known.LineStart;
        var text = BytesOf(source)[(int)lineStart..(int)end];
        foreach (var line in text.Split('\n').SkipLast(1))
        {
            Lines.Add(new ReceivedLine(Lines.Count + 1, source, line + '\n'));
        }

        var rest = text[(text.LastIndexOf('\n') + 1)..];
        if (completes)
        {
            Assert.NotEqual("", rest);
            Lines.Add(new ReceivedLine(Lines.Count + 1, source, rest));
        }

        _ends[source] = (end, completes ? end : end - rest.Length, Lines.Count > before ? Records : known.LastLine);
    }

    private string BytesOf(LogSource source) => _bytes.TryGetValue(source, out var bytes)
        ? bytes
        : _bytes[source] = Encoding.Latin1.GetString(File.ReadAllBytes(LogHome.FileOf(_directory, source)));

    private static long At(ReadOnlySpan<byte> record, int offset) => BinaryPrimitives.ReadInt64LittleEndian(record[offset..]);
}
