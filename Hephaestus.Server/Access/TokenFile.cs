using System.Text;
using Hephaestus.Server.Configuration;
using Hephaestus.Server.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Access;

/// <summary>The file of all tokens. It is replaced as a whole, never written to, so that a reader finds all of it or all of what was before.</summary>
internal static class TokenFile
{
    /// <summary>Its name in the state directory.</summary>
    public const string DefaultName = "tokens";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly FileStreamOptions s_new = new()
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        UnixCreateMode = OwnerOnly,
    };

    /// <summary>How long another change is waited for.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    /// <summary>What the file says; where there is none, there are no tokens.</summary>
    public static FileReading<TokenList> Read(string path)
    {
        try
        {
            var file = SideFile.Read(path);
            var (tokens, fault) = TokenList.Parse(file.Text);
            return new(tokens, fault is null ? null : $"{path}: {fault}", file.Warnings);
        }
        catch (IOException missing) when (missing.HResult is Libc.NoSuchFile or Libc.NotADirectory)
        {
            return new(TokenList.Empty, null, []);
        }
        catch (IOException fault)
        {
            return new(null, fault.Message, []);
        }
    }

    /// <summary>Replaces the file by one with other tokens, on the disk when this returns; one change at a time.</summary>
    /// <param name="change">Gives the new tokens, or throws.</param>
    /// <exception cref="IOException">The file cannot be used or not be written; so is UnauthorizedAccessException.</exception>
    public static void Change(string path, Func<TokenList, TokenList> change)
    {
        var directory = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
        using (Lock(directory))
        {
            var tokens = Read(path);
            Write(path, directory, change(tokens.Value ?? throw new IOException(tokens.Fault)).ToString());
        }
    }

    private static void Write(string path, string directory, string text)
    {
        var written = path + ".new";
        File.Delete(written);
        using (var file = new FileStream(written, s_new))
        {
            file.Write(Encoding.UTF8.GetBytes(text));

            // Where root changes another user's file, that user must be able to read it afterwards.
            if (Libc.User() == 0)
            {
                Libc.GiveTo(file.SafeFileHandle, File.Exists(path) ? path : directory);
            }

            file.Flush(flushToDisk: true);
        }

        File.Move(written, path, overwrite: true);
        Libc.Sync(directory);
    }

    /// <summary>The directory's own lock: a file that root makes for it would be in the way of its owner.</summary>
    private static SafeFileHandle Lock(string directory)
    {
        var since = TimeProvider.System.GetTimestamp();
        var held = Libc.Open(directory, Libc.O_RDONLY);
        while (!Libc.TryLock(held, directory))
        {
            if (TimeProvider.System.GetElapsedTime(since) > s_patience)
            {
                held.Dispose();
                throw new IOException($"{directory} is locked by another program; try again");
            }

            Thread.Sleep(s_pause);
        }

        return held;
    }
}
