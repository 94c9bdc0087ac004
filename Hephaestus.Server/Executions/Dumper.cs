using System.Globalization;
using System.Text;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Executions;

/// <summary>Writes logs of ended executions to files for people and scripts, as the first Hephaestus named and filled them.</summary>
/// <param name="directory">Made when missing.</param>
internal sealed class Dumper(Registry registry, LogArchive archive, string directory, TimeProvider clock)
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Bytes of a file name, by Linux.</summary>
    private const int LongestName = 255;

    /// <summary>Two who dump the same execution at once write the same, each to a file of its own until it is whole.</summary>
    private int _unfinished;

    /// <summary>Writes one execution's log and takes it off the old list; a reader never sees half a file.</summary>
    /// <exception cref="DumpException">It cannot be written.</exception>
    public async Task DumpAsync(ExecutionState state, CancellationToken cancellation)
    {
        var file = Path.Combine(directory, NameOf(state));
        var unfinished = Unfinished(file, Interlocked.Increment(ref _unfinished));
        try
        {
            Directory.CreateDirectory(directory);
            await WriteAsync(state.Id, unfinished, file, cancellation);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            Discard(unfinished);
            throw new DumpException($"{file}: {fault.Message}");
        }

        await registry.AddAsync(state.Id, new ExecutionFact.Dumped(file));
    }

    private async Task WriteAsync(uint id, string unfinished, string file, CancellationToken cancellation)
    {
        var log = archive.Find(id) ?? throw new IOException("its log is gone");
        await using (var output = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.None, BufferBytes))
        {
            await foreach (var batch in log.ReadAsync(new LogQuery { UntilNow = true, WholeLines = true }, cancellation))
            {
                foreach (var part in batch.Pieces.SelectMany(LogText.Lines))
                {
                    output.Write(part.Prefix.Span);
                    output.Write(part.Text.Span);
                    output.Write(part.Ends ? "\n"u8 : []);
                }
            }

            output.Flush(flushToDisk: true);
        }

        File.Move(unfinished, file, overwrite: true);
        Libc.Sync(directory);
    }

    private static void Discard(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // What kept it from being written keeps it from being removed.
        }
    }

    /// <summary>Names that together are longer than a file name may be lose their end: the id tells them apart.</summary>
    private string NameOf(ExecutionState state)
    {
        var end = string.Create(CultureInfo.InvariantCulture, $"({state.Id})_{clock.GetUtcNow().ToUnixTimeSeconds()}.log");
        var names = $"{state.Set}.{state.Plan}";
        return Fitting(names, LongestName - Encoding.UTF8.GetByteCount(Unfinished(end, 0))) + end;
    }

    private static string Fitting(string name, int bytes)
    {
        var kept = name.Length;
        foreach (var rune in name.EnumerateRunes().Reverse().TakeWhile(_ => Encoding.UTF8.GetByteCount(name.AsSpan(0, kept)) > bytes))
        {
            kept -= rune.Utf16SequenceLength;
        }

        return name[..kept];
    }

    private static string Unfinished(string file, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{file}.{(uint)number % 10_000:0000}.part");
}

/// <summary>A log could not be written to a file; the message says which and why.</summary>
internal sealed class DumpException(string message) : Exception(message);
