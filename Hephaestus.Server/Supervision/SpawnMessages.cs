using Hephaestus.Server.Supervision.Protocol;

namespace Hephaestus.Server.Supervision;

/// <summary>Between the domain's values and the supervisor's messages.</summary>
internal static class SpawnMessages
{
    public static Key ToMessage(this StepKey key) =>
        new() { Execution = key.Execution, Step = (uint)key.Step, Attempt = (uint)key.Attempt };

    public static StepKey ToKey(this Key key) => new(key.Execution, (int)key.Step, (int)key.Attempt);

    /// <param name="account">The user that the step names; null: none. The server's own need not be become.</param>
    /// <param name="cgroup">What it is to be born in; null: no control group of its own.</param>
    public static Start ToMessage(
        this SpawnRequest request, HeldFiles files, Account? account, StepCgroup? cgroup, SpawnDefaults defaults)
    {
        var variables = account is null ? request.Variables : account.Variables.Concat(request.Variables);
        return new Start
        {
            Key = request.Key.ToMessage(),
            OutFifo = files.OutFifo,
            ErrFifo = files.ErrFifo,
            StatusFile = files.Status,
            Command = { request.Command },
            Environment = { variables.GroupBy(variable => variable.Key).Select(named => $"{named.Key}={named.Last().Value}") },
            ServerDirectory = defaults.Directory,
            WorkingDirectory = request.WorkingDirectory ?? "",
            User = account is null || account.User == Libc.User() ? null : new User { Uid = account.User, Gid = account.Group, Groups = { account.Groups } },
            OpenFiles = defaults.OpenFiles,
            Cgroup = cgroup?.Directory ?? "",
        };
    }

    public static SupervisedAttempt ToAttempt(this Attempt attempt) =>
        new(attempt.Key.ToKey(), attempt.Pid, attempt.StartTicks, attempt.Alone, attempt.OwnCgroup());

    /// <summary>What the attempt was born in; null: no control group of its own.</summary>
    public static StepCgroup? OwnCgroup(this Attempt attempt) => attempt.Cgroup.Length > 0 ? new StepCgroup(attempt.Cgroup) : null;

    public static StepExit ToExit(this Exit exit)
    {
        var ended = DateTimeOffset.UnixEpoch.AddTicks(exit.WallClock * TimeSpan.TicksPerMicrosecond);
        return exit.StatusCase == Exit.StatusOneofCase.Signal
            ? new StepExit(null, exit.Signal, null, ended)
            : new StepExit(exit.Code, null, null, ended);
    }
}

/// <summary>What all steps get from the server, as it was when that started.</summary>
/// <param name="Directory">Where commands begin.</param>
/// <param name="OpenFiles">Soft limit of open files.</param>
internal sealed record SpawnDefaults(string Directory, ulong OpenFiles)
{
    public static SpawnDefaults OfThisProcess() => new(Environment.CurrentDirectory, InheritedLimits.OpenFiles());
}
