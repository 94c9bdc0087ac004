using System.Buffers;
using System.Text;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Logs;

/// <summary>
/// Lines as <c>YYYY-MM-DD HH:MM:SS T text</c>, in local time; T is E for standard error and errors, else I. The text's
/// bytes are the program's own, but on a terminal they are made harmless.
/// </summary>
internal sealed class TextLines : ILogLines
{
    private readonly IBufferWriter<byte> _output;
    private readonly ScreenSettings _settings;
    private readonly TerminalText? _harmless;
    private (long Second, LogStream Stream) _known = (long.MinValue, LogStream.Unspecified);
    private byte[] _prefix = [];

    public TextLines(IBufferWriter<byte> output, ScreenSettings settings)
    {
        (_output, _settings) = (output, settings);
        _harmless = settings.IsTerminal ? new TerminalText(settings.Colours) : null;
    }

    public void Write(in LinePart part)
    {
        if (part.Begins)
        {
            Begin(part.Piece);
        }

        if (_harmless is null)
        {
            _output.Write(part.Bytes.Span);
        }
        else
        {
            _harmless.Write(part.Bytes.Span, _output);
        }

        if (part.Ends)
        {
            _harmless?.End(_output);
            _output.Write("\n"u8);
        }
    }

    private void Begin(LogPiece piece)
    {
        // Consecutive lines mostly have it in common, and it is the dearest part of a short one.
        var key = (piece.Time.Seconds, piece.Stream);
        if (_known != key)
        {
            (_known, _prefix) = (key, Encoding.UTF8.GetBytes(Prefix(piece)));
        }

        _output.Write(_prefix);
        _harmless?.Begin(_prefix);
    }

    private string Prefix(LogPiece piece)
    {
        var time = Durations.Local(DateTimeOffset.FromUnixTimeSeconds(piece.Time.Seconds));
        var isError = piece.Stream is LogStream.Err or LogStream.ErrorRemark;
        return (_settings.Colours, isError) switch
        {
            (false, _) => $"{time} {(isError ? 'E' : 'I')} ",
            (true, false) => $"\e[2m{time} I\e[0m ",
            (true, true) => $"\e[2m{time}\e[0m \e[31mE\e[0m ",
        };
    }
}
