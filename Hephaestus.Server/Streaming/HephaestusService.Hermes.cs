using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Hephaestus.Server.Access;
using Hephaestus.Server.Journal;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Streaming;

internal sealed partial class HephaestusService
{
    public override Task<Wire.HermesPage> ListHermes(Wire.ListHermesRequest request, ServerCallContext context)
    {
        var limit = request.PageSize == 0 ? DefaultPage : (int)Math.Min(request.PageSize, Limits.Page);
        var (after, reach) = (After(request.PageToken), Seen(context));
        var (page, entries) = journal.Snapshot(view => (
            HermesState(view.Outbox), request.SetAsideOnly ? view.Outbox.SetAside(after, limit, reach) : view.Outbox.All(after, limit, reach)));
        var room = MessageBudget;
        page.Entries.AddRange(entries.Select(Message).TakeWhile(entry => (room -= entry.CalculateSize() + FieldOverhead) >= 0));
        var more = entries.Count == limit || page.Entries.Count < entries.Count;
        page.NextPageToken = more ? entries[page.Entries.Count - 1].Sequence.ToString(CultureInfo.InvariantCulture) : "";
        return Task.FromResult(page);
    }

    public override async Task<Wire.SendHermesAgainAnswer> SendHermesAgain(Wire.SendHermesAgainRequest request, ServerCallContext context)
    {
        if (hermes is null)
        {
            throw Refusals.NoHermes();
        }

        if (request.Ids.Count > Rights.MostNamed)
        {
            throw Refusals.ManyIds(Rights.MostNamed);
        }

        foreach (var id in request.Ids)
        {
            if (journal.Snapshot(view => view.Outbox.Find(id)) is not { Refusal: not null })
            {
                throw journal.Find(id) is null ? Refusals.NoSuchExecution(id) : Refusals.NotSetAside(id);
            }
        }

        var count = await journal.Outbox.AgainAsync(request.Ids.Count == 0 ? null : request.Ids);
        return new Wire.SendHermesAgainAnswer { Count = (uint)count };
    }

    private Wire.HermesPage HermesState(OutboxView outbox)
    {
        var (waiting, setAside) = outbox.Size;
        var trouble = waiting == 0 ? null : hermes?.Trouble;
        return new Wire.HermesPage
        {
            Address = hermes?.Address.GetLeftPart(UriPartial.Authority) ?? "",
            Waiting = (ulong)waiting,
            SetAside = (ulong)setAside,
            OldestWaiting = outbox.Waiting(0, 1) is [var oldest] ? oldest.Ended.ToTimestamp() : null,
            LastError = trouble?.Reason ?? "",
            LastErrorTime = trouble?.At.ToTimestamp(),
        };
    }

    private Wire.HermesEntry Message(OutboxEntry entry) => new()
    {
        Id = entry.Execution,
        Set = entry.Set,
        Plan = entry.Plan,
        Key = hermes?.Pair(entry).Key ?? "",
        State = entry.State,
        Ended = entry.Ended.ToTimestamp(),
        Refused = entry.Refusal?.Reason ?? "",
        RefusedAt = entry.Refusal?.At?.ToTimestamp(),
    };

    private static long After(string token) => token.Length == 0
        ? 0
        : token.Length <= Limits.PageToken && long.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : throw Refusals.BadPageToken();
}
