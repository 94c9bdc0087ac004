using System.Runtime.InteropServices;

namespace Hephaestus.Cli.Output;

/// <summary>Standard output or standard error, byte for byte.</summary>
internal sealed class StandardStream(int descriptor)
{
    public static StandardStream Out { get; } = new(1);

    public static StandardStream Error { get; } = new(2);

    public bool IsTerminal { get; } = Libc.IsTerminal(descriptor);

    /// <summary>Columns of the terminal as it is now; 0: unknown.</summary>
    public int Columns => Libc.Columns(descriptor);

    /// <summary>Ends the process when nobody reads it any more; returns only where that cannot be told.</summary>
    public void ExitWhenClosed(int code)
    {
        if (Libc.WaitClosed(descriptor))
        {
            Libc.Exit(code);
        }
    }

    /// <summary>Writes all of it; waits as long as the reader takes.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            switch (Libc.Write(descriptor, bytes))
            {
                case >= 0 and var written:
                    bytes = bytes[written..];
                    break;
                case -Libc.Interrupted:
                    break;
                case -Libc.Again:
                    Libc.WaitWritable(descriptor);
                    break;
                case var error:
                    throw new OutputException(Marshal.GetPInvokeErrorMessage(-error), IsClosed: error == -Libc.BrokenPipe);
            }
        }
    }
}

/// <summary>Standard output cannot be written; the message is the kernel's.</summary>
/// <param name="IsClosed">Nobody reads it any more, which is no fault.</param>
internal sealed class OutputException(string message, bool IsClosed) : Exception(message)
{
    public bool IsClosed { get; } = IsClosed;
}
