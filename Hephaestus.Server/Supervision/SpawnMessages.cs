using Hephaestus.Server.Supervision.Protocol;

namespace Hephaestus.Server.Supervision;

/// <summary>Between the domain's values and the supervisor's messages.</summary>
internal static class SpawnMessages
{
    public static Key ToMessage(this StepKey key) =>
        new() { Execution = key.Execution, Step = (uint)key.Step, Attempt = (uint)key.Attempt };

    public static StepKey ToKey(this Key key) => new(key.Execution, (int)key.Step, (int)key.Attempt);

    /// <param name="account">The user to become; null: none.</param>
    public static Start ToMessage(this SpawnRequest request, Account? account, ulong openFiles)
    {
        var variables = account is null ? request.Variables : account.Variables.Concat(request.Variables);
        return new Start
        {
            Key = request.Key.ToMessage(),
            OutFifo = request.Files.OutFifo,
            ErrFifo = request.Files.ErrFifo,
            StatusFile = request.Files.Status,
            Command = { request.Command },
            Environment = { variables.GroupBy(variable => variable.Key).Select(named => $"{named.Key}={named.Last().Value}") },
            ServerDirectory = Environment.CurrentDirectory,
            WorkingDirectory = request.WorkingDirectory ?? "",
            User = account is null ? null : new User { Uid = account.User, Gid = account.Group, Groups = { account.Groups } },
            OpenFiles = openFiles,
        };
    }

    public static StepExit ToExit(this Exit exit)
    {
        var ended = DateTimeOffset.UnixEpoch.AddTicks(exit.WallClock * TimeSpan.TicksPerMicrosecond);
        return exit.StatusCase == Exit.StatusOneofCase.Signal
            ? new StepExit(null, exit.Signal, null, ended)
            : new StepExit(exit.Code, null, null, ended);
    }
}
