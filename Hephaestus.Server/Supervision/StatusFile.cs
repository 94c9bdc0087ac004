using System.Globalization;
using System.Text;
using Hephaestus.Server.Supervision.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// What is known of an attempt's process, on the disk: it is read only when its supervisor is not there to be asked. One
/// line of text, always <see cref="Size"/> bytes, so that a full disk cannot keep an exit status from being written:
/// <c>1 PID START-TICKS CODE|- SIGNAL|- WALL-CLOCK-US BOOT-CLOCK-NS</c>, filled up with blanks. The pid is 0 until
/// nothing is missing for the start, and then <see cref="Spawning"/>, with the time of that, until there is a process.
/// </summary>
internal static class StatusFile
{
    /// <summary>The pid of an attempt that is just being started.</summary>
    public const int Spawning = -1;

    private const int Size = 128;
    private const int Version = 1;

    /// <summary>
    /// Makes the file with its space on the disk, or takes over one whose supervisor was killed before it came to start
    /// anything; it stays open, so that an exit can be recorded though there be no descriptor left. Null: an earlier
    /// supervisor has started the attempt, or may have.
    /// </summary>
    /// <exception cref="IOException">There is no space, or the directory is gone; HResult is the errno.</exception>
    public static SafeFileHandle? Claim(string path, out Attempt known)
    {
        var file = Libc.TryCreate(path);
        known = file is not null ? new Attempt() : Read(path) ?? new Attempt { Pid = Spawning };
        if (known.Pid != 0)
        {
            return null;
        }

        file ??= Libc.Open(path, Libc.O_RDWR);
        try
        {
            Write(file, known);
            return file;
        }
        catch (IOException)
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Puts the newest state in the place of the one before.</summary>
    /// <exception cref="IOException">The disk is gone.</exception>
    public static void Write(SafeFileHandle file, Attempt attempt) =>
        RandomAccess.Write(file, Encoding.ASCII.GetBytes(Format(attempt).PadRight(Size - 1) + '\n'), 0);

    /// <summary>Whether an attempt was started, or may have been.</summary>
    public static bool SaysStarted(string path) => File.Exists(path) && Read(path) is not { Pid: 0 };

    /// <summary>What the file says (of an empty one, that nothing was started); null: there is none that can be read.</summary>
    public static Attempt? Read(string path)
    {
        try
        {
            return File.ReadAllText(path) is { Length: > 0 } text ? Parse(text) : new Attempt();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or FormatException or OverflowException)
        {
            return null;
        }
    }

    private static string Format(Attempt attempt)
    {
        var exit = attempt.Exit ?? new Exit();
        var code = exit.StatusCase == Exit.StatusOneofCase.Code ? $"{exit.Code}" : "-";
        var signal = exit.StatusCase == Exit.StatusOneofCase.Signal ? $"{exit.Signal}" : "-";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Version} {attempt.Pid} {attempt.StartTicks} {code} {signal} {exit.WallClock} {exit.BootClock}");
    }

    private static Attempt? Parse(string text)
    {
        if (text.TrimEnd().Split(' ') is not ["1", var pid, var start, var code, var signal, var wall, var boot])
        {
            return null;
        }

        var exit = new Exit { WallClock = Number(wall), BootClock = Number(boot) };
        if (code != "-")
        {
            exit.Code = (int)Number(code);
        }
        else if (signal != "-")
        {
            exit.Signal = (int)Number(signal);
        }

        var ended = exit.StatusCase != Exit.StatusOneofCase.None;
        return new Attempt { Pid = (int)Number(pid), StartTicks = (ulong)Number(start), Exit = ended ? exit : null };
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
