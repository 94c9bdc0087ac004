using System.Runtime.InteropServices;
using Hephaestus.Server.Supervision.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>Makes an attempt's files and its process. Not thread-safe: what a child inherits belongs to the whole process.</summary>
internal sealed class AttemptSpawner
{
    private const int FifoBytes = 256 * 1024;

    /// <summary>Together 64 MiB; FIFOs beyond these hold what the kernel gives, 64 KiB as a rule.</summary>
    private const int MostEnlarged = 256;

    private const uint WriteOnly = 0b010_000_000;

    private readonly uint[] _groups = Libc.Groups();
    private readonly OomScore _oomScore = new();
    private readonly ulong _openFiles = Libc.OpenFileLimits(0).Hard;
    private readonly HashSet<SafeFileHandle> _enlarged = [];

    /// <summary>The answer, and what is to be held when there is a process.</summary>
    public (Reply Reply, HeldAttempt? Held) Spawn(Start start)
    {
        try
        {
            if (!StatusFile.Create(start.StatusFile))
            {
                // Another supervisor had it: what became of it only its status file knows.
                var known = StatusFile.Read(start.StatusFile) ?? new Attempt();
                known.Key = start.Key;
                return (HeldAttempts.Started(known, earlier: true, held: false), null);
            }

            CrashPoint.Reach("supervisor-status");
            return SpawnNew(start);
        }
        catch (IOException refused)
        {
            Remove(start);
            return (NotStarted(refused.HResult, isFinal: false, refused.Message), null);
        }
    }

    /// <summary>Closes what was held.</summary>
    public void Return(HeldAttempt held)
    {
        Close(held.Output);
        Close(held.Error);
    }

    private (Reply, HeldAttempt?) SpawnNew(Start start)
    {
        var (output, outputEnd) = Fifo(start.OutFifo, start.User);
        var (error, errorEnd) = Fifo(start.ErrFifo, start.User);
        CrashPoint.Reach("supervisor-fifos");
        using (outputEnd)
        using (errorEnd)
        {
            var image = new ProcessImage(
                [.. start.Command],
                [.. start.Environment],
                start.WorkingDirectory.Length == 0 ? null : start.WorkingDirectory,
                outputEnd,
                errorEnd);
            var pid = Spawn(image, start, out var failure);
            CrashPoint.Reach("supervisor-spawned");
            if (pid == 0)
            {
                Close(output);
                Close(error);
                Remove(start);
                return (Failed(start, failure), null);
            }

            var attempt = new Attempt { Key = start.Key, Pid = pid, StartTicks = ProcessTable.StartOf(pid) };
            var held = new HeldAttempt(attempt, start.StatusFile, output, error);
            held.Write();
            return (HeldAttempts.Started(attempt, earlier: false, held: true), held);
        }
    }

    /// <summary>The reading end that is held, and the writing end for the child.</summary>
    private (SafeFileHandle Reader, SafeFileHandle Writer) Fifo(string path, User? user)
    {
        File.Delete(path);
        Libc.MakeFifo(path);
        var reader = Libc.Open(path, Libc.O_RDONLY | Libc.O_NONBLOCK);
        var writer = Libc.Open(path, Libc.O_WRONLY);
        if (_enlarged.Count < MostEnlarged && Libc.Enlarge(reader, FifoBytes) > 0)
        {
            _enlarged.Add(reader);
        }

        if (user is not null)
        {
            Libc.Give(path, user.Uid, user.Gid, WriteOnly);
        }

        return (reader, writer);
    }

    private void Close(SafeFileHandle fifo)
    {
        _enlarged.Remove(fifo);
        fifo.Dispose();
    }

    private int Spawn(in ProcessImage image, Start start, out int error)
    {
        if (start.ServerDirectory.Length > 0)
        {
            Directory.SetCurrentDirectory(start.ServerDirectory);
        }

        Libc.LimitOpenFiles(start.OpenFiles);
        _oomScore.Reset();
        try
        {
            return start.User is { } user ? SpawnAs(user, image, out error) : Libc.Spawn(image, out error);
        }
        finally
        {
            _oomScore.Lower();
            Libc.LimitOpenFiles(_openFiles);
        }
    }

    private int SpawnAs(User user, in ProcessImage image, out int error)
    {
        error = Libc.BecomeUser(user.Uid, user.Gid, [.. user.Groups]);
        if (error != 0)
        {
            return 0;
        }

        try
        {
            return Libc.Spawn(image, out error);
        }
        finally
        {
            Libc.BecomeRoot(_groups);
        }
    }

    private static Reply Failed(Start start, int error)
    {
        var text = Marshal.GetPInvokeErrorMessage(error);
        return error switch
        {
            Libc.EAGAIN or Libc.ENOMEM or Libc.EMFILE or Libc.ENFILE => NotStarted(error, isFinal: false, text),
            Libc.E2BIG => NotStarted(error, isFinal: true, "its command and environment are too long for the kernel"),
            _ when Unusable(start.WorkingDirectory) => NotStarted(error, isFinal: true, $"working directory {start.WorkingDirectory}: {text}"),
            _ => NotStarted(error, isFinal: true, $"{start.Command[0]}: {text}"),
        };
    }

    /// <summary>One errno stands for two causes; bash is where it always was, directories come and go.</summary>
    private static bool Unusable(string directory) => directory.Length > 0;

    private static Reply NotStarted(int error, bool isFinal, string reason) =>
        new() { NotStarted = new NotStarted { Error = error, IsFinal = isFinal, Reason = reason } };

    private static void Remove(Start start)
    {
        File.Delete(start.OutFifo);
        File.Delete(start.ErrFifo);
        File.Delete(start.StatusFile);
    }
}
