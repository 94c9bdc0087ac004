using Hephaestus.Tests.Chaos.Plans;

namespace Hephaestus.Tests.Chaos.Acts;

/// <summary>Something that is done to the server, or asked of it, after a pause.</summary>
/// <param name="After">Since the act before it in the same lane was begun or, where that has an end, done.</param>
internal abstract record Act(TimeSpan After)
{
    /// <summary>Runs a plan.</summary>
    /// <param name="Wish">Its number among all executions that the round asks for, from 1.</param>
    internal sealed record Execute(TimeSpan After, int Wish, string Plan, string? Colour, bool LosesAnswer) : Act(After);

    /// <summary>Resumes what an earlier wish came to, if that has ended by then, and not well.</summary>
    internal sealed record Resume(TimeSpan After, int Wish, int Earlier) : Act(After);

    internal sealed record Cancel(TimeSpan After, int Wish) : Act(After);

    /// <summary>Replaces a plan's file.</summary>
    /// <param name="Awaited">Goes on when the server has told that it knows the new text.</param>
    internal sealed record Edit(TimeSpan After, ChaosPlan Plan, bool Awaited) : Act(After);

    /// <summary>SIGKILL.</summary>
    /// <param name="Away">How long no server is started.</param>
    internal sealed record Kill(TimeSpan After, Victim Victim, TimeSpan Away) : Act(After);

    /// <summary>SIGKILL to a server that is starting, so long after its process is there.</summary>
    internal sealed record KillStarting(TimeSpan After, TimeSpan Life) : Act(After);

    /// <summary>SIGTERM, as a service manager sends it.</summary>
    internal sealed record Terminate(TimeSpan After, Victim Victim, TimeSpan Away) : Act(After);

    /// <summary>SIGSTOP, and SIGCONT later.</summary>
    internal sealed record Suspend(TimeSpan After, Victim Victim, TimeSpan For) : Act(After);

    /// <summary>
    /// SIGKILL to the server while the supervisor is suspended, so that the next server finds one that is silent at
    /// first.
    /// </summary>
    internal sealed record KillBesideSuspended(TimeSpan After, TimeSpan For) : Act(After);

    /// <summary>Has the server take no executions for a time.</summary>
    internal sealed record Drain(TimeSpan After, TimeSpan For) : Act(After);

    /// <summary>Takes all space where the state is, and gives it back later.</summary>
    internal sealed record FillDisk(TimeSpan After, TimeSpan For) : Act(After);

    /// <summary>Breaks all connections of followers and watchers at once.</summary>
    internal sealed record DropClients(TimeSpan After) : Act(After);
}

/// <summary>Whom it hits.</summary>
internal enum Victim
{
    Server,
    Supervisor,
    Both,
}
