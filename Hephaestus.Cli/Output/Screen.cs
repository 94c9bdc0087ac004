using System.Buffers;
using System.Text;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Output;

/// <summary>
/// Where everything is shown: data goes to standard output, talk to standard error, and on a terminal a few live lines
/// stand below both. What is written gathers until <see cref="Flush"/>, or until there is much of it.
/// </summary>
internal sealed class Screen : IBufferWriter<byte>
{
    /// <summary>Bytes that gather at most before they are written.</summary>
    private const int Most = 64 * 1024;

    private const string Program = "hephaestus-cli";

    private readonly StandardStream _out;
    private readonly StandardStream _error;
    private readonly ArrayBufferWriter<byte> _pending = new(Most);
    private readonly ArrayBufferWriter<byte> _frame = new();
    private readonly LiveLines? _live;
    private readonly Lock _lock = new();
    private bool _atLineStart = true;

    public Screen(StandardStream output, StandardStream error, ScreenSettings settings)
    {
        (_out, _error, Settings) = (output, error, settings);
        _live = settings.Live ? new LiveLines(() => output.Columns, settings.Colours) : null;
    }

    public ScreenSettings Settings { get; }

    /// <summary>What the live lines say, made anew each time; null: there are none.</summary>
    public Func<IReadOnlyList<string>>? Live { private get; set; }

    /// <summary>Writes what has gathered, and the live lines below it.</summary>
    /// <exception cref="OutputException">Standard output cannot be written.</exception>
    public void Flush()
    {
        lock (_lock)
        {
            Erase();
            _frame.Write(_pending.WrittenSpan);
            _atLineStart = _pending.WrittenSpan is [.., var last] ? last == '\n' : _atLineStart;
            _pending.ResetWrittenCount();
            Draw();
        }
    }

    /// <summary>Draws the live lines as they are now.</summary>
    /// <exception cref="OutputException">Standard output cannot be written.</exception>
    public void Refresh()
    {
        lock (_lock)
        {
            Erase();
            Draw();
        }
    }

    /// <summary>Removes the live lines for good.</summary>
    public void EndLive()
    {
        Live = null;
        Refresh();
    }

    /// <summary>
    /// From now on the program ends when nobody reads standard output any more, not only when it next has something to
    /// write: what is followed may be silent for days.
    /// </summary>
    public void ExitWhenClosed()
    {
        if (!_out.IsTerminal)
        {
            new Thread(() => _out.ExitWhenClosed(ExitCodes.OutputClosed)) { IsBackground = true }.Start();
        }
    }

    /// <summary>Forgets what stands on the terminal: another program has written there.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _live?.Forget();
        }
    }

    /// <summary>Says something on standard error, each line of it behind the program's name.</summary>
    public void Say(string text)
    {
        lock (_lock)
        {
            Erase();
            Show();
            try
            {
                _error.Write(Encoding.UTF8.GetBytes(string.Concat(
                    text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"{Program}: {PlainText.Of(line)}\n"))));
            }
            catch (OutputException)
            {
                // There is nobody left to tell.
            }

            Draw();
        }
    }

    /// <summary>
    /// A line of text, made harmless also where no terminal is: names and reasons are a server's, and what goes to a file or
    /// through another program often comes to a terminal in the end.
    /// </summary>
    public void WriteLine(string text)
    {
        this.Write(Encoding.UTF8.GetBytes(PlainText.Of(text)));
        this.Write("\n"u8);
    }

    /// <summary>Lines of the program's own, which end.</summary>
    public void WriteText(string text) => this.Write(Encoding.UTF8.GetBytes(text));

    public void Advance(int count)
    {
        _pending.Advance(count);
        if (_pending.WrittenCount >= Most)
        {
            Flush();
        }
    }

    public Memory<byte> GetMemory(int sizeHint = 0) => _pending.GetMemory(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => _pending.GetSpan(sizeHint);

    private void Erase() => Frame(_live?.Erase());

    private void Draw()
    {
        Frame(_atLineStart && Live is { } content ? _live?.Draw(content()) : null);
        Show();
    }

    private void Frame(string? text) => _frame.Write(Encoding.UTF8.GetBytes(text ?? ""));

    /// <summary>One write for all that changes at once, so that nothing flickers.</summary>
    private void Show()
    {
        try
        {
            _out.Write(_frame.WrittenSpan);
        }
        finally
        {
            _frame.ResetWrittenCount();
        }
    }
}

/// <summary>What standard output can show.</summary>
/// <param name="IsTerminal">People read it, on a terminal.</param>
/// <param name="Live">It can be written over.</param>
/// <param name="Colours">Colours are wanted.</param>
internal sealed record ScreenSettings(bool IsTerminal, bool Live, bool Colours)
{
    /// <summary>Of a stream, with the variables TERM and NO_COLOR (no-color.org: set and not empty).</summary>
    public static ScreenSettings Of(StandardStream output, string? term, string? noColour)
    {
        var able = output.IsTerminal && term is not (null or "" or "dumb");
        return new ScreenSettings(output.IsTerminal, able, able && string.IsNullOrEmpty(noColour));
    }
}
