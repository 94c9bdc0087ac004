using System.Collections.Immutable;

namespace Hephaestus.Server.Access;

/// <summary>What a call needs.</summary>
/// <param name="Role">The least role.</param>
/// <param name="Subjects">Where the caller must have it: at each of these.</param>
internal sealed record Right(Role Role, ImmutableArray<Subject> Subjects);

/// <summary>What a call is about.</summary>
internal abstract record Subject
{
    private Subject()
    {
    }

    /// <summary>Lists, streams and pages: whatever sets the caller has the role in; it is told of no others.</summary>
    public sealed record OwnSets : Subject;

    /// <summary>The server as a whole: the role must not be limited to plan sets.</summary>
    public sealed record WholeServer : Subject;

    /// <summary>A plan set that the request names, be it there or not.</summary>
    public sealed record PlanSet(string Name) : Subject;

    /// <summary>The plan set of an execution that the request names, be it there or not.</summary>
    public sealed record Execution(uint Id) : Subject;
}
