using System.Globalization;
using System.Text;
using Grpc.Core;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Plans;

namespace Hephaestus.Server.Streaming;

/// <summary>What callers are told when their request is refused: what was wrong, and what would be right.</summary>
internal static class Refusals
{
    public static RpcException NoSuchSet(string set) => Refuse(StatusCode.NotFound, $"there is no plan set '{set}'");

    public static RpcException NoSuchPlan(string set, string plan) => Refuse(StatusCode.NotFound, $"there is no plan '{plan}' in the set '{set}'");

    public static RpcException NoSuchExecution(uint id) => Refuse(StatusCode.NotFound, $"there is no execution with the id {id}");

    public static RpcException LogGone(uint id) =>
        Refuse(StatusCode.NotFound, $"the log of execution {id} is no longer there: its directory was removed from the server's state directory");

    public static RpcException LogRemoved(uint id, LogRemoval removal) => Refuse(
        StatusCode.NotFound,
        string.Create(
            CultureInfo.InvariantCulture,
            $"the log of execution {id} is no longer there: retention removed it at {removal.At:yyyy-MM-dd HH:mm:ss} UTC ({removal.Why})"));

    public static RpcException DamagedLog(uint id, string how) =>
        Refuse(StatusCode.DataLoss, $"the log of execution {id} is damaged: {how}; hephaestus --check says more");

    public static RpcException NoSuchStep(uint id, string step) =>
        Refuse(StatusCode.NotFound, $"execution {id} has no step {Spelling.Quote(step)}");

    public static RpcException BadName(string refusal) => Refuse(StatusCode.InvalidArgument, refusal);

    public static RpcException BadPageToken() => Refuse(StatusCode.InvalidArgument, "page_token must be empty or next_page_token of another page");

    public static RpcException BadTime(string field) =>
        Refuse(StatusCode.InvalidArgument, $"{field} is no time between the years 1 and 9999");

    public static RpcException HasEnded(uint id, string word) => Refuse(StatusCode.FailedPrecondition, $"execution {id} has ended: {word}");

    public static RpcException HasNotEnded(uint id) =>
        Refuse(StatusCode.FailedPrecondition, $"execution {id} has not ended; it can be dumped when it has, or cancelled");

    public static RpcException NotThereYet(uint id) =>
        Refuse(StatusCode.Unavailable, $"execution {id} waits for space on the server's disk; try again");

    public static RpcException CannotDump(string why) => Refuse(StatusCode.Internal, $"not dumped: {why}");

    /// <summary>The others were dumped.</summary>
    /// <param name="count">How many were not dumped.</param>
    /// <param name="faults">Why, of the first ones.</param>
    public static RpcException CannotDump(int count, IReadOnlyCollection<string> faults) =>
        Refuse(StatusCode.Internal, $"{count} not dumped:\n{Fitting(faults, count - faults.Count)}");

    public static RpcException UnknownSequence(ulong asked, long oldest) => Refuse(
        StatusCode.OutOfRange,
        $"no events can be given after sequence {asked}: it was never given out, or lies before the oldest kept, which is {oldest}; "
        + "begin with a snapshot");

    public static RpcException BeyondLog(string text) => Refuse(StatusCode.OutOfRange, text);

    /// <param name="next">The line to go on with; the trailer <c>next-line</c> says it to programs.</param>
    public static RpcException BeyondLog(string text, long next) => new(
        new Status(StatusCode.OutOfRange, text),
        new Metadata { { "next-line", next.ToString(CultureInfo.InvariantCulture) } });

    public static RpcException CannotResume(uint id, State state) => Refuse(
        StatusCode.FailedPrecondition,
        state == State.Ok ? $"execution {id} ended OK: there is nothing to resume" : $"execution {id} has not ended; it can be resumed when it has");

    /// <summary>
    /// Draining is UNAVAILABLE: a client that tries again comes through when the server was restarted, and with a
    /// request_id it runs nothing twice.
    /// </summary>
    public static RpcException NotAccepted(Exception refusal) => Refuse(
        refusal switch
        {
            OverlapException => StatusCode.AlreadyExists,
            QueueFullException => StatusCode.ResourceExhausted,
            _ => StatusCode.Unavailable,
        },
        refusal.Message);

    public static RpcException SenselessDrain() =>
        Refuse(StatusCode.InvalidArgument, "undo takes executions again and look changes nothing: set one of them");

    public static RpcException UnknownParameter(string name, IReadOnlyCollection<string> known) => Refuse(
        StatusCode.InvalidArgument,
        $"the plan has no parameter {Spelling.Quote(name)}; {(known.Count == 0 ? "it has none" : $"it has {Some(known)}")}");

    public static RpcException BrokenParameter(string name) =>
        Refuse(StatusCode.InvalidArgument, $"the value of the parameter {name} holds a NUL character, which no variable can");

    public static RpcException LargeParameters(int most) =>
        Refuse(StatusCode.InvalidArgument, $"the parameters have more than {most} characters; put what is so long into a file");

    public static RpcException BadRequestId() => Refuse(
        StatusCode.InvalidArgument,
        $"request_id has more than {Limits.RequestId} characters, or some that are no text: control characters, or bytes that are not UTF-8");

    public static RpcException BadReason() => Refuse(
        StatusCode.InvalidArgument, $"reason has more than {Limits.Reason} characters, or control characters other than tabs and new lines");

    public static RpcException BadState(int state) =>
        Refuse(StatusCode.InvalidArgument, string.Create(CultureInfo.InvariantCulture, $"states: {state} is no state"));

    public static RpcException LargeStreamRequest() => Refuse(
        StatusCode.ResourceExhausted, $"the request has more than {Limits.StreamRequest} bytes, and would be kept as long as its stream lives");

    public static RpcException LateRequest(TimeSpan all) => Refuse(
        StatusCode.DeadlineExceeded,
        string.Create(CultureInfo.InvariantCulture, $"the request was not complete {all.TotalSeconds:0} s after it began"));

    public static RpcException ManyUnfinished() =>
        Refuse(StatusCode.ResourceExhausted, "too much of other requests is on its way at present; try again");

    public static RpcException BrokenBody() => Refuse(StatusCode.Internal, "the request's body is not what its headers say");

    public static RpcException OthersRequest() => Refuse(
        StatusCode.PermissionDenied, "request_id belongs to a request about a plan set that is not the caller's; choose another one");

    public static RpcException NoHermes() =>
        Refuse(StatusCode.FailedPrecondition, "the server tells Hermes nothing (hermes.enable = no): there is nothing to send again");

    public static RpcException NotSetAside(uint id) => Refuse(
        StatusCode.NotFound, $"the end of execution {id} was not set aside: it has been told, waits to be, or has not come");

    public static RpcException ManyIds(int most) => Refuse(StatusCode.InvalidArgument, $"ids has more than {most}; none at all means all");

    public static RpcException Stopping() => Refuse(StatusCode.Unavailable, "the server is stopping");

    public static RpcException StorageFails() =>
        Refuse(StatusCode.Unavailable, "the server cannot read or write its state directory at present; its own log says why");

    public static RpcException Fault() => Refuse(StatusCode.Internal, "an error of the server; its own log says more");

    /// <summary>Every error of a plan, one a line: <c>file:line:column: what is wrong</c>; how many did not fit.</summary>
    public static RpcException Broken(CatalogueEntry entry) => Refuse(StatusCode.FailedPrecondition, Fitting([.. Errors(entry)]));

    private static string Some(IReadOnlyCollection<string> names) =>
        string.Join(", ", names.Take(MostNames)) + (names.Count > MostNames ? $" and {names.Count - MostNames} more" : "");

    private const int MostNames = 20;
    /// <summary>Who can change a plan's file must not have it run: <c>file: why</c>, one a line.</summary>
    public static RpcException Distrusted(string file, IEnumerable<Diagnostic> errors) =>
        Refuse(StatusCode.FailedPrecondition, Fitting([.. errors.Select(found => found.Format(file))]));

    public static RpcException NotNow(TimeoutException why) => Refuse(StatusCode.Unavailable, $"{why.Message}; try again");

    // A status travels in a header, and peers bound those (python's client: 8 KiB).
    private const int MostHeaderBytes = 6 * 1024;

    private static string Fitting(IReadOnlyCollection<string> lines, int others = 0)
    {
        var left = MostHeaderBytes;
        var shown = lines.TakeWhile((line, index) => (left -= HeaderBytes(line)) >= 0 || index == 0).ToArray();
        var more = lines.Count - shown.Length + others;
        return string.Join('\n', more == 0 ? shown : [.. shown, $"and {more} more"]);
    }

    /// <summary>Of a line and its end: what is not printable ASCII takes three bytes for one, see the gRPC specification.</summary>
    private static int HeaderBytes(string line) =>
        3 + Encoding.UTF8.GetBytes(line).Sum(code => code is >= 0x20 and <= 0x7e and not (byte)'%' ? 1 : 3);

    private static IEnumerable<string> Errors(CatalogueEntry entry) =>
        entry.Reading.Diagnostics.Where(found => found.Severity == Severity.Error).Select(found => found.Format(entry.File));

    private static RpcException Refuse(StatusCode code, string text) => new(new Status(code, text));
}
