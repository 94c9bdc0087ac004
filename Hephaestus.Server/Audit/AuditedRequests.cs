using Google.Protobuf.Collections;
using Hephaestus.Server.Journal;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Audit;

/// <summary>What calls are about, by their messages.</summary>
internal static class AuditedRequests
{
    /// <summary>Ids that a record names; the others are counted.</summary>
    private const int MostIds = 20;

    private const int MostNames = 50;

    /// <summary><c>Execute</c>; of another service with its full name, <c>grpc.health.v1.Health/Check</c>.</summary>
    /// <param name="method">As in the path of a request.</param>
    public static string NameOf(string method)
    {
        var own = $"/{Wire.Hephaestus.Descriptor.FullName}/";
        return method.StartsWith(own, StringComparison.Ordinal) ? method[own.Length..] : method.TrimStart('/');
    }

    /// <summary>Whether a call changes something, whatever will come of it.</summary>
    public static bool Changes(string call, object? request) => (call, request) switch
    {
        ("Execute" or "CancelExecution" or "DumpHist" or "DumpHistAll" or "SendHermesAgain", _) => true,
        ("ResumeExecution", Wire.ResumeExecutionRequest resume) => !resume.CheckOnly,
        ("Drain", Wire.DrainRequest drain) => drain is not { Look: true, Undo: false },
        _ => false,
    };

    /// <summary>The execution that an answer tells of which did not exist before the request; 0: none.</summary>
    public static uint Made(string call, object? response) => (call, response) switch
    {
        ("Execute", Wire.PlanId made) => made.Id,
        ("ResumeExecution", Wire.Execution made) => made.Id,
        _ => 0,
    };

    public static AuditSubject Subject(object request) => request switch
    {
        Wire.PlanArg m => new(m.Set, m.Plan, RequestId: m.RequestId, Text: Parameters(m.Parameters.Keys)),
        Wire.CheckPlanRequest m => new(m.Set, m.Plan, Text: Parameters(m.Parameters.Keys)),
        Wire.PlanSetArg m => new(m.Name),
        Wire.WatchCatalogueRequest m => new(m.Set),
        Wire.ListExecutionsRequest m => new(m.Set, m.Plan),
        Wire.WatchExecutionsRequest m => new(m.Set, m.Plan, m.Id),

        // Of these only the id counts, whatever else they name.
        Wire.PlanId m => new(Execution: m.Id),
        Wire.GetExecutionRequest m => new(Execution: m.Id),
        Wire.FollowLogRequest m => new(Execution: m.Id),
        Wire.CancelExecutionRequest m => new(Execution: m.Id, Text: m.Reason),
        Wire.ResumeExecutionRequest m => new(Execution: m.Id, RequestId: m.RequestId),
        Wire.SendHermesAgainRequest m => new(Execution: m.Ids.Count == 1 ? m.Ids[0] : 0, Text: Ids(m.Ids)),
        Wire.DrainRequest m => new(Text: m.Undo ? "undo" : ""),
        _ => AuditSubject.Nothing,
    };

    private static string Parameters(ICollection<string> names) =>
        names.Count == 0 ? "" : $"parameters {Listed([.. names.Order(StringComparer.Ordinal).Take(MostNames)], names.Count)}";

    private static string Ids(RepeatedField<uint> ids) => ids.Count switch
    {
        0 => "all",
        1 => "",
        _ => $"executions {Listed([.. ids.Take(MostIds).Select(id => $"{id}")], ids.Count)}",
    };

    private static string Listed(IReadOnlyCollection<string> named, int all) =>
        string.Join(", ", named) + (all > named.Count ? $" and {all - named.Count} more" : "");
}
