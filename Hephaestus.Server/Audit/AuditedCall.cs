using Grpc.Core;
using Hephaestus.Server.Access;
using Hephaestus.Server.Journal;

namespace Hephaestus.Server.Audit;

/// <summary>A call that is being answered, and what the audit is to say of it.</summary>
/// <param name="time">When it came.</param>
internal sealed class AuditedCall(string name, object? request, DateTimeOffset time)
{
    private static readonly object s_key = typeof(AuditedCall);

    /// <summary>Whether it changes something; otherwise it is told only where it was refused for want of right.</summary>
    public bool Changes { get; } = AuditedRequests.Changes(name, request);

    /// <summary>It is in the journal: together with what it changed, or before.</summary>
    public bool IsRecorded { get; set; }

    /// <summary>Begins to answer a call.</summary>
    public static AuditedCall Begin(ServerCallContext context, object? request, DateTimeOffset time)
    {
        var call = new AuditedCall(AuditedRequests.NameOf(context.Method), request, time);
        context.UserState[s_key] = call;
        return call;
    }

    /// <summary>The call that is being answered.</summary>
    public static AuditedCall Of(ServerCallContext context) => (AuditedCall)context.UserState[s_key];

    /// <summary>Its record, if it is answered so.</summary>
    public AuditEntry Entry(ServerCallContext context, AuditOutcome outcome)
    {
        var caller = Caller.Find(context);
        var subject = request is null ? AuditSubject.Nothing : AuditedRequests.Subject(request);
        return new AuditEntry(time, caller.Name, caller.Origin, name, subject, outcome);
    }

    /// <summary>What a call made that was answered, for its record.</summary>
    public AuditOutcome Done(object? response) =>
        AuditedRequests.Made(name, response) is > 0 and var made
            ? new AuditOutcome(StatusCode.OK, "answered as before: it is the same request", made)
            : new AuditOutcome(StatusCode.OK);
}
