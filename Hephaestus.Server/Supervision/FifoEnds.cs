using Hephaestus.Server.Supervision.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>Both ends of a FIFO: the one that is held, and the one for the child. Disposing closes what was not taken.</summary>
internal sealed class FifoEnds : IDisposable
{
    private const uint WriteOnly = 0b010_000_000;

    private SafeFileHandle? _reader;

    private FifoEnds(SafeFileHandle reader, SafeFileHandle writer) => (_reader, Writer) = (reader, writer);

    public SafeFileHandle Writer { get; }

    /// <param name="user">Who may open it again by way of its own descriptor; null: the supervisor's own user.</param>
    /// <exception cref="IOException">It is not there, or there is no descriptor left.</exception>
    public static FifoEnds Open(string path, User? user)
    {
        var reader = Libc.Open(path, Libc.O_RDONLY | Libc.O_NONBLOCK);
        try
        {
            if (user is not null)
            {
                Libc.Give(path, user.Uid, user.Gid, WriteOnly);
            }

            return new FifoEnds(reader, Libc.Open(path, Libc.O_WRONLY));
        }
        catch (IOException)
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>From now on the caller's to close.</summary>
    public SafeFileHandle TakeReader()
    {
        var taken = _reader ?? throw new InvalidOperationException("The reading end was taken before.");
        _reader = null;
        return taken;
    }

    public void Dispose()
    {
        _reader?.Dispose();
        Writer.Dispose();
    }
}
