using Hephaestus.Protocol;
using Hephaestus.Server.Logs;
using Hephaestus.Tests.Chaos.Observers;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>
/// A log's index, read the plain way: sound records that cover every byte of every file, and number the lines as they were
/// delivered.
/// </summary>
internal sealed class IndexCheck(Story story, ServerHome home, DeliveredLog log, Failures failures)
{
    private readonly Dictionary<LogSource, (byte[] Bytes, long Covered)> _files = [];
    private readonly List<Source> _lines = [];

    public void Check()
    {
        var index = File.ReadAllBytes(Path.Combine(home.Log(story.Id), "index"));
        failures.Unless(index.Length % IndexRecord.Size == 0, $"{story}: its index ends within a record");
        foreach (var bytes in index.Chunk(IndexRecord.Size).Where(chunk => chunk.Length == IndexRecord.Size))
        {
            Record(bytes);
        }

        foreach (var (source, file) in _files)
        {
            failures.Unless(
                file.Bytes.Length == file.Covered,
                $"{story}: the index covers {file.Covered} of {file.Bytes.Length} bytes of {Named(source)}");
        }

        failures.Unless(
            _lines.SequenceEqual(log.Lines),
            $"{story}: the index has {_lines.Count} lines, {log.Lines.Count} were read, or in another order");
    }

    private void Record(byte[] bytes)
    {
        if (!IndexRecord.TryRead(bytes, out var record))
        {
            failures.Add($"{story}: a record of its index is none");
            return;
        }

        // Both kinds of remarks share a file.
        var kind = record.Source.IsRemark ? LogSource.Remark : record.Source;
        var (content, covered) = _files.TryGetValue(kind, out var known) ? known : (Read(record.Source), 0L);
        failures.Unless(
            record.Start == covered && record.End <= content.Length,
            $"{story}: {record} follows {covered} of {content.Length} bytes");
        failures.Unless(record.FirstLine == _lines.Count + 1, $"{story}: {record} follows {_lines.Count} lines");
        _files[kind] = (content, record.End);
        var lines =
            content.AsSpan((int)record.Start, (int)(record.End - record.Start)).Count((byte)'\n') + (record.Completes ? 1 : 0);
        _lines.AddRange(Enumerable.Repeat(Named(record.Source), lines));
    }

    private string FileOf(Attempt attempt, LogSource source) =>
        OutputCheck.FileOf(home, story.Id, attempt.Step.Number, attempt.Number, source.Stream == LogStream.Err);

    private Source Named(LogSource source) => source.IsRemark
        ? new Source(0, 0, source == LogSource.Remark ? LogStream.Remark : LogStream.ErrorRemark)
        : new Source((uint)story.Attempts[source.Attempt].Step.Number, (uint)story.Attempts[source.Attempt].Number, source.Stream);

    private byte[] Read(LogSource source)
    {
        var file = source.IsRemark ? Path.Combine(home.Log(story.Id), "remarks") : FileOf(story.Attempts[source.Attempt], source);
        return File.Exists(file) ? File.ReadAllBytes(file) : [];
    }
}
