using System.Globalization;
using System.Text;
using Hephaestus.Server.Supervision.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// What is known of an attempt's process, on the disk: it is read only when its supervisor is not there to be asked. One
/// line of text, always <see cref="Size"/> bytes, so that a full disk cannot keep an exit status from being written:
/// <c>1 PID START-TICKS CODE|- SIGNAL|- WALL-CLOCK-US BOOT-CLOCK-NS</c>, filled up with blanks.
/// </summary>
internal static class StatusFile
{
    private const int Size = 128;
    private const int Version = 1;

    /// <summary>Makes the file with its space on the disk. False: it is there, an earlier supervisor has had this attempt.</summary>
    /// <exception cref="IOException">There is no space, or the directory is gone; HResult is the errno. No file is left.</exception>
    public static bool Create(string path)
    {
        using var file = Libc.TryCreate(path);
        if (file is null)
        {
            return false;
        }

        try
        {
            Write(file, new Attempt());
            return true;
        }
        catch (IOException)
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Puts the newest state in the place of the one before.</summary>
    /// <exception cref="IOException">The file or its disk is gone.</exception>
    public static void Write(string path, Attempt attempt)
    {
        using var file = Libc.Open(path, Libc.O_RDWR);
        Write(file, attempt);
    }

    /// <summary>What the file says; null: there is none, or none that can be read.</summary>
    public static Attempt? Read(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or FormatException or OverflowException)
        {
            return null;
        }
    }

    private static void Write(SafeFileHandle file, Attempt attempt) =>
        RandomAccess.Write(file, Encoding.ASCII.GetBytes(Format(attempt).PadRight(Size - 1) + '\n'), 0);

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
