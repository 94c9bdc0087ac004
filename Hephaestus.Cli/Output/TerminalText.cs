using System.Buffers;
using System.Text;

namespace Hephaestus.Cli.Output;

/// <summary>
/// Makes any bytes harmless for a terminal, in whatever pieces they come. Text in UTF-8, tabs and colours (SGR sequences)
/// pass. Other control sequences (CSI) are dropped: there is nothing in them to read. Other control characters are shown
/// as <c>^X</c>, bytes that are not UTF-8 and the C1 controls as U+FFFD. A carriage return begins the line anew, as it
/// does on a terminal, behind what begins every line.
/// </summary>
/// <param name="colours">Whether colours pass; otherwise they are dropped too.</param>
internal sealed class TerminalText(bool colours)
{
    /// <summary>Bytes of a control sequence; what is longer is shown as text.</summary>
    private const int LongestSequence = 64;

    private const byte Escape = 0x1b;
    private const byte Return = 0x0d;
    private const byte Delete = 0x7f;

    private static readonly SearchValues<byte> s_plain = SearchValues.Create(
        [(byte)'\t', .. Enumerable.Range(0x20, Delete - 0x20).Select(code => (byte)code)]);

    private static readonly SearchValues<byte> s_colour = SearchValues.Create("0123456789;:"u8);

    private readonly byte[] _held = new byte[LongestSequence];
    private byte[] _lineStart = [];
    private int _length;
    private bool _returned;
    private bool _coloured;

    /// <summary>Begins a line, of which <paramref name="start"/> has been written already.</summary>
    public void Begin(ReadOnlySpan<byte> start)
    {
        (_length, _returned, _coloured) = (0, false, false);
        if (!start.SequenceEqual(_lineStart))
        {
            _lineStart = start.ToArray();
        }
    }

    /// <summary>Writes a piece of the line; its end may be held back until it is clear what it is.</summary>
    public void Write(ReadOnlySpan<byte> piece, IBufferWriter<byte> to)
    {
        while (!piece.IsEmpty)
        {
            var plain = _length > 0 ? 0 : piece.IndexOfAnyExcept(s_plain) is >= 0 and var at ? at : piece.Length;
            if (plain > 0)
            {
                Text(piece[..plain], to);
                piece = piece[plain..];
            }
            else
            {
                Take(piece[0], to);
                piece = piece[1..];
            }
        }
    }

    /// <summary>Ends the line; the newline is the caller's.</summary>
    public void End(IBufferWriter<byte> to)
    {
        Spill(to);
        _returned = false;
        if (_coloured)
        {
            to.Write("\e[0m"u8);
        }
    }

    private void Take(byte next, IBufferWriter<byte> to)
    {
        switch (_length)
        {
            case 0:
                Start(next, to);
                break;
            case 1 when _held[0] == Escape && next == '[':
                _held[_length++] = next;
                break;
            case > 1 when _held[0] == Escape && next is >= 0x20 and < Delete && _length < LongestSequence:
                Sequence(next, to);
                break;
            case > 0 when _held[0] != Escape:
                Character(next, to);
                break;
            default:
                Spill(to);
                Start(next, to);
                break;
        }
    }

    private void Start(byte next, IBufferWriter<byte> to)
    {
        switch (next)
        {
            case Return:
                _returned = true;
                break;
            case Escape:
                _held[_length++] = next;
                break;
            case >= 0x80:
                Character(next, to);
                break;
            default:
                // A plain one comes here only after a sequence that was none.
                Text(s_plain.Contains(next) ? [next] : [(byte)'^', (byte)(next ^ 0x40)], to);
                break;
        }
    }

    private void Sequence(byte next, IBufferWriter<byte> to)
    {
        _held[_length++] = next;
        if (next < 0x40)
        {
            return;
        }

        var held = _held.AsSpan(0, _length);
        if (colours && next == 'm' && held[2..^1].IndexOfAnyExcept(s_colour) < 0)
        {
            _coloured = true;
            Text(held, to);
        }

        _length = 0;
    }

    private void Character(byte next, IBufferWriter<byte> to)
    {
        _held[_length++] = next;
        switch (Rune.DecodeFromUtf8(_held.AsSpan(0, _length), out var rune, out _))
        {
            case OperationStatus.Done:
                Text(Rune.IsControl(rune) ? "\uFFFD"u8 : _held.AsSpan(0, _length), to);
                _length = 0;
                break;
            case OperationStatus.InvalidData when _length > 1:
                // Everything before this byte could have been a character, so the byte begins something else.
                _length = 0;
                Text("\uFFFD"u8, to);
                Write([next], to);
                break;
            case OperationStatus.InvalidData:
                _length = 0;
                Text("\uFFFD"u8, to);
                break;
        }
    }

    /// <summary>Shows what was held back and became nothing.</summary>
    private void Spill(IBufferWriter<byte> to)
    {
        var length = _length;
        _length = 0;
        if (length > 0 && _held[0] == Escape)
        {
            Text("^["u8, to);
            Text(_held.AsSpan(1, length - 1), to);
        }
        else if (length > 0)
        {
            Text("\uFFFD"u8, to);
        }
    }

    private void Text(ReadOnlySpan<byte> text, IBufferWriter<byte> to)
    {
        if (_returned)
        {
            _returned = false;
            to.Write(_coloured ? "\e[0m\r\e[K"u8 : "\r\e[K"u8);
            to.Write(_lineStart);
        }

        to.Write(text);
    }
}
