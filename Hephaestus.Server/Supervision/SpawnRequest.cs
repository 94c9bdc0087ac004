using System.Collections.Immutable;

namespace Hephaestus.Server.Supervision;

/// <summary>What the supervisor is to start.</summary>
/// <param name="Command">The program's absolute path, then its arguments.</param>
/// <param name="Variables">The whole environment, but for what a user's programs expect, which comes first.</param>
/// <param name="User">Who runs it; null: the server's own user.</param>
/// <param name="WorkingDirectory">Entered as that user; null: the server's own.</param>
internal sealed record SpawnRequest(
    StepKey Key,
    ImmutableArray<string> Command,
    ImmutableArray<KeyValuePair<string, string>> Variables,
    string? User,
    string? WorkingDirectory)
{
    /// <summary>Variables that tell this attempt's processes from all others.</summary>
    public IEnumerable<KeyValuePair<string, string>> Marks =>
        Variables.Where(variable => variable.Key is "HEPHAESTUS_INSTANCE" or "HEPHAESTUS_STEP");

    /// <summary>The random mark of the execution.</summary>
    public string Instance => Variables.FirstOrDefault(variable => variable.Key == "HEPHAESTUS_INSTANCE").Value ?? "";
}

/// <summary>What came of a request to start.</summary>
internal abstract record SpawnAnswer
{
    private SpawnAnswer()
    {
    }

    /// <summary>It has a process, now or since an earlier request.</summary>
    /// <param name="Pid">0: an earlier supervisor was killed while it started it, and there is none any more.</param>
    internal sealed record Started(int Pid) : SpawnAnswer;

    /// <summary>It cannot be run as it is: its user, its directory or its command is the reason.</summary>
    internal sealed record CouldNotStart(string Reason) : SpawnAnswer;

    /// <summary>The machine lacks something at present; to be asked again.</summary>
    internal sealed record Refused(string Reason) : SpawnAnswer;
}

/// <summary>An attempt that the supervisor holds, with its process.</summary>
/// <param name="StartTicks">Start of the process, in clock ticks since boot.</param>
/// <param name="Alone">
/// Nothing was below the supervisor when it started, and no other attempt has been since: whatever is there belongs to it.
/// </param>
/// <param name="Cgroup">What it was born in; null: no control group of its own.</param>
internal sealed record SupervisedAttempt(StepKey Key, int Pid, ulong StartTicks, bool Alone, StepCgroup? Cgroup);

/// <summary>How an attempt's process ended.</summary>
/// <param name="ExitCode">Exit code, when it exited.</param>
/// <param name="Signal">Signal, when one ended it.</param>
/// <param name="Lost">Why neither is known; null: one is.</param>
/// <param name="Ended">When; as exact as it is known.</param>
internal sealed record StepExit(int? ExitCode, int? Signal, string? Lost, DateTimeOffset Ended);
