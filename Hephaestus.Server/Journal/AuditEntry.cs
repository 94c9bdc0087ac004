using Grpc.Core;

namespace Hephaestus.Server.Journal;

/// <summary>One record of the audit: who called what, and what came of it. Texts that are too long are cut.</summary>
/// <param name="Time">When the call came, kept in µs; of many, when they were counted.</param>
/// <param name="Who">As people know the caller; empty: many callers.</param>
/// <param name="Origin">Where it called from.</param>
/// <param name="Call">The call's name; empty: many calls.</param>
internal sealed record AuditEntry(
    DateTimeOffset Time, string Who, string Origin, string Call, AuditSubject Subject, AuditOutcome Outcome)
{
    /// <summary>Characters of a name, an origin or a call.</summary>
    private const int LongestName = 256;

    public string Who { get; } = BoundedText.Of(Who, LongestName);

    public string Origin { get; } = BoundedText.Of(Origin, LongestName);

    public string Call { get; } = BoundedText.Of(Call, LongestName);
}

/// <summary>What a call is about, as far as it names anything.</summary>
/// <param name="Set">Empty: none, or that of the execution.</param>
/// <param name="Plan">Empty: none, or that of the execution.</param>
/// <param name="Execution">0: none.</param>
/// <param name="RequestId">Empty: none.</param>
/// <param name="Text">A reason, names of parameters; never a value, which may be a secret.</param>
internal sealed record AuditSubject(string Set = "", string Plan = "", uint Execution = 0, string RequestId = "", string Text = "")
{
    /// <summary>Characters of a set, a plan or a request's id: more than such names may have.</summary>
    private const int LongestName = 256;

    private const int LongestText = 512;

    public static AuditSubject Nothing { get; } = new();

    public string Set { get; } = BoundedText.Of(Set, LongestName);

    public string Plan { get; } = BoundedText.Of(Plan, LongestName);

    public string RequestId { get; } = BoundedText.Of(RequestId, LongestName);

    public string Text { get; } = BoundedText.Of(Text, LongestText);
}

/// <summary>How a call was answered.</summary>
/// <param name="Detail">Why it was refused, the first line; empty: it was not.</param>
/// <param name="Made">The execution that it began; 0: none.</param>
/// <param name="Count">1; of calls that are not told one by one, how many.</param>
internal sealed record AuditOutcome(StatusCode Status, string Detail = "", uint Made = 0, long Count = 1)
{
    private const int LongestDetail = 512;

    public string Detail { get; } = BoundedText.Of(Detail, LongestDetail);
}
