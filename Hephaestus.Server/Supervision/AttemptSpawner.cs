using System.Runtime.InteropServices;
using Hephaestus.Server.Supervision.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// Makes an attempt's process. For one thread: what a child inherits belongs to the whole process. It takes as long as
/// the step's directory does to be entered, and where that lies on a disk that does not answer, that may be for ever.
/// </summary>
internal sealed class AttemptSpawner
{
    private readonly uint[] _groups = Libc.Groups();
    private readonly OomScore _oomScore = new();
    private readonly ulong _openFiles = Libc.OpenFileLimits(0).Hard;
    private readonly FifoSizes _sizes = new();
    private readonly Birthplace _birthplace = new();

    /// <summary>The process, to be held; or why there is none.</summary>
    public (HeldAttempt? Held, Reply Refusal) Spawn(Start start)
    {
        SafeFileHandle? status = null;
        HeldAttempt? held = null;
        try
        {
            status = StatusFile.Claim(start.StatusFile, out var known);
            if (status is null)
            {
                // Another supervisor had it: what became of it only its status file knows.
                known.Key = start.Key;
                return (null, HeldAttempts.Started(known, earlier: true, held: false));
            }

            CrashPoint.Reach("supervisor-status");
            (held, var refusal) = SpawnNew(start, status);
            if (held is null)
            {
                File.Delete(start.StatusFile);
            }

            return (held, refusal);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // None of these comes when there is a process already, but perhaps before it is known whether there is: then
            // the file has to stay.
            if (status is not null)
            {
                File.Delete(start.StatusFile);
            }

            // A path that no file can have is one for good; an exception here would be the end of all that is held.
            return (null, NotStarted(refused.HResult, isFinal: refused is ArgumentException, refused.Message));
        }
        finally
        {
            if (held is null)
            {
                status?.Dispose();
            }
        }
    }

    /// <summary>Closes what was held. Any thread.</summary>
    public void Return(HeldAttempt held)
    {
        _sizes.Return(held.Output);
        _sizes.Return(held.Error);
        held.Dispose();
    }

    private (HeldAttempt? Held, Reply Refusal) SpawnNew(Start start, SafeFileHandle status)
    {
        using var output = FifoEnds.Open(start.OutFifo, start.User);
        using var error = FifoEnds.Open(start.ErrFifo, start.User);
        CrashPoint.Reach("supervisor-fifos");
        if (Enter(start) is { } fault)
        {
            return (null, fault);
        }

        var image = new ProcessImage(
            [.. start.Command],
            [.. start.Environment],
            start.WorkingDirectory.Length == 0 ? null : start.WorkingDirectory,
            output.Writer,
            error.Writer);
        var attempt = new Attempt { Key = start.Key };
        attempt.Pid = SpawnIn(start, image, status, attempt, out var failed);
        if (attempt.Pid == 0)
        {
            return (null, failed);
        }

        // From here on it runs: nothing may go wrong with the answer.
        attempt.StartTicks = ProcessTable.StartOf(attempt.Pid);
        var held = new HeldAttempt(attempt, status, output.TakeReader(), error.TakeReader());
        _sizes.Enlarge(held.Output);
        _sizes.Enlarge(held.Error);
        held.Write();
        return (held, failed);
    }

    /// <summary>The server's own directory, which may have gone; null: the command begins there, or needs it not.</summary>
    private static Reply? Enter(Start start)
    {
        try
        {
            if (start.ServerDirectory.Length > 0)
            {
                Directory.SetCurrentDirectory(start.ServerDirectory);
            }

            return null;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return Path.IsPathRooted(start.WorkingDirectory)
                ? null
                : NotStarted(gone.HResult, isFinal: true, $"the server's directory {start.ServerDirectory} cannot be entered: {gone.Message}");
        }
    }

    /// <summary>In its control group, if that can be had.</summary>
    /// <param name="attempt">Told which one, or why it has none.</param>
    private int SpawnIn(Start start, in ProcessImage image, SafeFileHandle status, Attempt attempt, out Reply failed)
    {
        var wanted = start.Cgroup.Length > 0;
        attempt.WithoutCgroup = wanted ? _birthplace.Enter(start.Cgroup) ?? "" : "";
        CrashPoint.Reach("supervisor-entered");
        try
        {
            StatusFile.Write(status, new Attempt { Pid = StatusFile.Spawning, StartTicks = ProcessTable.Now() });
            CrashPoint.Reach("supervisor-spawning");
            var pid = Spawn(start, image, out failed);
            CrashPoint.Reach("supervisor-spawned");
            return pid;
        }
        finally
        {
            if (wanted && attempt.WithoutCgroup.Length == 0)
            {
                (attempt.Cgroup, attempt.WithoutCgroup) = _birthplace.Leave(start.Cgroup)
                    ? (start.Cgroup, "")
                    : ("", "its supervisor could not leave it");
            }
        }
    }

    private int Spawn(Start start, in ProcessImage image, out Reply failed)
    {
        failed = new Reply();
        _oomScore.Reset();
        Libc.LimitOpenFiles(start.OpenFiles);
        try
        {
            if (start.User is { } user)
            {
                return SpawnAs(user, start, image, out failed);
            }

            var pid = Libc.Spawn(image, out var error);
            failed = pid == 0 ? Failed(start, error) : failed;
            return pid;
        }
        finally
        {
            Libc.LimitOpenFiles(_openFiles);
            _oomScore.Lower();
        }
    }

    private int SpawnAs(User user, Start start, in ProcessImage image, out Reply failed)
    {
        failed = new Reply();
        if (Libc.BecomeUser(user.Uid, user.Gid, [.. user.Groups]) is var refusal and not 0)
        {
            failed = NotStarted(refusal, isFinal: true, $"cannot become the user {user.Uid}: {Marshal.GetPInvokeErrorMessage(refusal)}");
            return 0;
        }

        int pid, error;
        try
        {
            pid = Libc.Spawn(image, out error);
        }
        finally
        {
            Libc.BecomeRoot(_groups);
        }

        failed = pid == 0 ? Failed(start, error) : failed;
        return pid;
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
}
