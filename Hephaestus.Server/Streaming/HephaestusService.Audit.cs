using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Hephaestus.Server.Journal;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Streaming;

internal sealed partial class HephaestusService
{
    public override Task<Wire.AuditPage> ListAudit(Wire.ListAuditRequest request, ServerCallContext context)
    {
        var limit = request.PageSize == 0 ? DefaultPage : (int)Math.Min(request.PageSize, Limits.Page);
        var query = new AuditQuery(
            limit, Position(request.PageToken), Since(request.Since), request.Who, request.Set, request.Call, request.RefusedOnly);
        var found = journal.Snapshot(view => view.Audit.Page(query));
        var (page, room) = (new Wire.AuditPage(), MessageBudget);
        page.Records.AddRange(
            found.Entries.Select(Message).TakeWhile(record => (room -= record.CalculateSize() + FieldOverhead) >= 0));
        var next = page.Records.Count < found.Entries.Count ? found.Entries[page.Records.Count - 1].Position : found.Next;
        page.NextPageToken = next is { } position ? string.Create(CultureInfo.InvariantCulture, $"{position.Time}.{position.Sequence}") : "";
        return Task.FromResult(page);
    }

    private static Wire.AuditRecord Message(PlacedEntry placed) => new()
    {
        Time = placed.Entry.Time.ToTimestamp(),
        Who = placed.Entry.Who,
        Origin = placed.Entry.Origin,
        Call = placed.Entry.Call,
        Set = placed.Entry.Subject.Set,
        Plan = placed.Entry.Subject.Plan,
        Id = placed.Entry.Subject.Execution,
        RequestId = placed.Entry.Subject.RequestId,
        Text = placed.Entry.Subject.Text,
        Status = StatusWords.Of(placed.Entry.Outcome.Status),
        Detail = placed.Entry.Outcome.Detail,
        Made = placed.Entry.Outcome.Made,
        Count = (ulong)placed.Entry.Outcome.Count,
    };

    private static AuditPosition? Position(string token) => (token.Length <= Limits.PageToken ? token : ".").Split('.') switch
    {
        [""] => null,
        [var time, var sequence] when Number(time) is { } at && Number(sequence) is { } number => new AuditPosition(at, number),
        _ => throw Refusals.BadPageToken(),
    };

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static DateTimeOffset? Since(Timestamp? since)
    {
        try
        {
            return since?.ToDateTimeOffset();
        }
        catch (InvalidOperationException)
        {
            throw Refusals.BadTime("since");
        }
    }
}
