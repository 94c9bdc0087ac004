using System.Collections.Immutable;
using System.Text;
using System.Text.Unicode;

namespace Hephaestus.Server.Plans;

/// <summary>A plan's text as characters, with the way back from an offset to line and column.</summary>
internal sealed class PlanText
{
    private readonly ImmutableArray<int> _lineStarts;

    private PlanText(string characters, ImmutableArray<int> damaged)
    {
        Characters = characters;
        Damaged = damaged;
        _lineStarts = LineStarts(characters);
    }

    /// <summary>Without a byte order mark, lines ended by LF alone, U+FFFD for what is not UTF-8.</summary>
    public string Characters { get; }

    /// <summary>Offsets of the places that were not UTF-8.</summary>
    public ImmutableArray<int> Damaged { get; }

    public static PlanText Decode(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        return Utf8.IsValid(bytes)
            ? new PlanText(Encoding.UTF8.GetString(bytes).Replace("\r\n", "\n", StringComparison.Ordinal), [])
            : DecodeDamaged(bytes);
    }

    /// <summary>Line and column from 1; the column counts characters (Unicode scalar values), a tab as one.</summary>
    public (int Line, int Column) PositionOf(int offset)
    {
        var found = _lineStarts.BinarySearch(offset);
        var line = found < 0 ? ~found - 1 : found;
        var before = Characters.AsSpan(_lineStarts[line]..offset);
        return (line + 1, 1 + before.Length - LowSurrogates(before));
    }

    private static ImmutableArray<int> LineStarts(string text)
    {
        var starts = ImmutableArray.CreateBuilder<int>();
        starts.Add(0);
        for (var at = text.IndexOf('\n'); at >= 0; at = text.IndexOf('\n', at + 1))
        {
            starts.Add(at + 1);
        }

        return starts.ToImmutable();
    }

    private static int LowSurrogates(ReadOnlySpan<char> text)
    {
        var count = 0;
        foreach (var character in text)
        {
            count += char.IsLowSurrogate(character) ? 1 : 0;
        }

        return count;
    }

    private static PlanText DecodeDamaged(ReadOnlySpan<byte> bytes)
    {
        var characters = new StringBuilder(bytes.Length);
        var damaged = ImmutableArray.CreateBuilder<int>();
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var length) != System.Buffers.OperationStatus.Done)
            {
                damaged.Add(characters.Length);
            }

            if (!bytes.StartsWith("\r\n"u8))
            {
                characters.Append(rune.ToString());
            }

            bytes = bytes[length..];
        }

        return new PlanText(characters.ToString(), damaged.ToImmutable());
    }
}
