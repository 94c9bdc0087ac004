using Grpc.Core;
using Hephaestus.Server.Access;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Supervision;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Streaming;

internal sealed partial class HephaestusService
{
    /// <summary>Bytes that a string costs at most as an element of a list: tag and length.</summary>
    private const int LineOverhead = 5;

    /// <summary>Executions that are looked up at once to be dumped.</summary>
    private const int DumpPage = 1000;

    /// <summary>Of so many at most it is told why they could not be dumped; the others are counted.</summary>
    private const int MostFaults = 100;

    public override async Task<Wire.PlanHistory> ShowStatus(Wire.PlanId request, ServerCallContext context)
    {
        var log = FindLog(request.Id);
        var history = new Wire.PlanHistory();
        try
        {
            history.History.AddRange(await new NewestLines(MessageBudget, LineOverhead).ReadAsync(log, context.CancellationToken));
        }
        catch (InvalidDataException damage)
        {
            throw Refusals.DamagedLog(request.Id, damage.Message);
        }
        catch (IOException missing) when (missing.HResult == Libc.NoSuchFile)
        {
            throw Gone(request.Id);
        }

        return history;
    }

    public override async Task<Wire.Empty> DumpHist(Wire.PlanId request, ServerCallContext context)
    {
        var state = Find(request.Id);
        if (!state.HasEnded)
        {
            throw Refusals.HasNotEnded(request.Id);
        }

        if (state.LogRemoved is { } removal)
        {
            throw Refusals.LogRemoved(request.Id, removal);
        }

        try
        {
            await dumper.DumpAsync(state, context.CancellationToken);
            return new Wire.Empty();
        }
        catch (DumpException fault)
        {
            throw Find(request.Id).LogRemoved is { } meanwhile
                ? Refusals.LogRemoved(request.Id, meanwhile)
                : Refusals.CannotDump(fault.Message);
        }
    }

    public override async Task<Wire.Empty> DumpHistAll(Wire.Empty request, ServerCallContext context)
    {
        var (count, faults) = (0, new List<string>());
        var (last, reach) = (0u, Permissions.Of(context).Reach(Role.Operator));
        while (journal.ListedAfter(last, DumpPage) is { Count: > 0 } page)
        {
            foreach (var id in page.Where(row => reach.Covers(row.Set)).Select(row => row.Id))
            {
                if (await TryDumpAsync(id, context.CancellationToken) is { } fault && count++ < MostFaults)
                {
                    faults.Add(fault);
                }
            }

            last = page[^1].Id;
        }

        return count == 0 ? new Wire.Empty() : throw Refusals.CannotDump(count, faults);
    }

    /// <summary>Why it was not dumped; null: it was, or has not ended, or retention was faster.</summary>
    private async Task<string?> TryDumpAsync(uint id, CancellationToken cancellation)
    {
        try
        {
            if (registry.Find(id) is { HasEnded: true, LogRemoved: null } state)
            {
                await dumper.DumpAsync(state, cancellation);
            }

            return null;
        }
        catch (DumpException) when (registry.Find(id) is { LogRemoved: not null })
        {
            return null;
        }
        catch (DumpException fault)
        {
            return fault.Message;
        }
    }
}
