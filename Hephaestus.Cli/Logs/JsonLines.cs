using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Logs;

/// <summary>
/// Lines as JSON objects: line, time, step (its name; null for a remark), attempt, stream, late, and text, or base64 where
/// the bytes are not UTF-8. A very long line comes in parts, which have an offset in bytes and say whether more follow.
/// </summary>
/// <param name="nameOf">The name of a step by its number.</param>
/// <param name="begin">Opens the object and may write fields of its own.</param>
/// <param name="end">Is called after each object is closed.</param>
internal sealed class JsonLines(Utf8JsonWriter json, Func<uint, string?> nameOf, Action begin, Action end) : ILogLines
{
    /// <summary>Bytes of a line that one object holds.</summary>
    private const int Most = 1024 * 1024;

    private readonly ArrayBufferWriter<byte> _text = new();
    private long _offset;

    public void Write(in LinePart part)
    {
        var rest = part.Bytes.Span;
        while (_text.WrittenCount + rest.Length > Most)
        {
            var taken = rest[..(Most - _text.WrittenCount)];
            _text.Write(taken);
            rest = rest[taken.Length..];
            WritePart(part, more: true);
        }

        _text.Write(rest);
        if (part.Ends)
        {
            WritePart(part, more: false);
            _offset = 0;
        }
    }

    private void WritePart(in LinePart part, bool more)
    {
        // A character must not be cut: what of it is here goes with the next part.
        var text = _text.WrittenSpan;
        var here = more ? text[..^CutOff(text)] : text;
        var left = text[here.Length..].ToArray();
        WriteObject(part, here, more);
        _offset = more ? _offset + here.Length : 0;
        _text.ResetWrittenCount();
        _text.Write(left);
    }

    private void WriteObject(in LinePart part, ReadOnlySpan<byte> text, bool more)
    {
        begin();
        json.WriteNumber("line", part.Line);
        json.WriteString("time", ProtoJson.Text(part.Piece.Time));
        json.WriteString("step", nameOf(part.Piece.Step));
        json.WriteNumber("attempt", part.Piece.Attempt);
        json.WriteString("stream", NameOf(part.Piece.Stream));
        json.WriteBoolean("late", part.Piece.Late);
        if (more || _offset > 0)
        {
            json.WriteNumber("offset", _offset);
            json.WriteBoolean("more", more);
        }

        if (Utf8.IsValid(text))
        {
            json.WriteString("text", text);
        }
        else
        {
            json.WriteBase64String("base64", text);
        }

        json.WriteEndObject();
        end();
    }

    /// <summary>Bytes at the end that begin a character without ending it.</summary>
    private static int CutOff(ReadOnlySpan<byte> text)
    {
        for (var back = 1; back <= Math.Min(3, text.Length); back++)
        {
            if (Rune.DecodeFromUtf8(text[^back..], out _, out _) == OperationStatus.NeedMoreData)
            {
                return back;
            }
        }

        return 0;
    }

    private static string NameOf(LogStream stream) => stream switch
    {
        LogStream.Out => "out",
        LogStream.Err => "err",
        LogStream.Remark => "remark",
        LogStream.ErrorRemark => "error_remark",
        _ => "",
    };
}
