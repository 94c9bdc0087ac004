using Grpc.Core;
using Hephaestus.Server.Facts;
using Hephaestus.Server.Journal;
using Microsoft.AspNetCore.Http;

namespace Hephaestus.Server.Access;

/// <summary>Who may do what now. Streams listen to it: what a caller may can end while its stream goes on.</summary>
internal sealed class LiveAccess(AccessRules rules, Identification identification, ExecutionJournal journal)
{
    private int _times;

    /// <summary>The rules in effect.</summary>
    public Latest<AccessRules> Rules { get; } = new(rules);

    /// <summary>How often what callers may do has changed: open streams look again at who their caller is.</summary>
    public Latest<int> Changes { get; } = new(0);

    /// <summary>Takes other rules in.</summary>
    public void Set(AccessRules changed)
    {
        Rules.Set(changed);
        TellChange();
    }

    /// <summary>To be called after anything that can end a caller's authority: other rules, a token that was removed. Thread-safe.</summary>
    public void TellChange() => Changes.Set(Interlocked.Increment(ref _times));

    /// <summary>Finds out who calls.</summary>
    /// <exception cref="RpcException">UNAUTHENTICATED: what the call brings along proves nothing.</exception>
    public Caller Identify(HttpContext call) => identification.Identify(call);

    /// <summary>Finds out whether that may be.</summary>
    /// <exception cref="RpcException">UNAUTHENTICATED or PERMISSION_DENIED.</exception>
    public Permissions Admit(Caller caller, string method, Right? right)
    {
        var rules = Rules.Value;
        var permissions = rules.Of(caller);
        if (right is null)
        {
            throw AccessRefusals.NoRight(caller, method);
        }

        return right.Subjects.FirstOrDefault(subject => !Allows(permissions, right.Role, subject)) is not { } lacking
            ? permissions
            : throw (caller.Proved.IsEmpty && permissions.Highest == Role.None
                ? AccessRefusals.NothingShown(caller, rules)
                : AccessRefusals.Lacks(caller, method, right.Role, lacking));
    }

    /// <summary>Where an execution is not known, so that the caller's sets do not tell, only a role in all of them will do.</summary>
    private bool Allows(Permissions permissions, Role role, Subject subject) => subject switch
    {
        Subject.OwnSets => permissions.Highest >= role,
        Subject.PlanSet(var name) => permissions.Has(role, name),
        Subject.Execution(var id) => permissions.Has(role)
            || (permissions.Highest >= role && journal.Find(id) is { } row && permissions.Has(role, row.Set)),
        _ => permissions.Has(role),
    };
}
