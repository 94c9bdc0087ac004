using Grpc.Core;
using Hephaestus.Server.Executions;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Streaming;

internal sealed partial class HephaestusService
{
    /// <summary>Bytes that a string costs at most as an element of a list: tag and length.</summary>
    private const int LineOverhead = 5;

    public override async Task<Wire.PlanHistory> ShowStatus(Wire.PlanId request, ServerCallContext context)
    {
        var log = FindLog(request.Id);
        var history = new Wire.PlanHistory();
        history.History.AddRange(await new NewestLines(MessageBudget, LineOverhead).ReadAsync(log, context.CancellationToken));
        return history;
    }

    public override async Task<Wire.Empty> DumpHist(Wire.PlanId request, ServerCallContext context)
    {
        var state = Find(request.Id);
        if (!state.HasEnded)
        {
            throw Refusals.HasNotEnded(request.Id);
        }

        try
        {
            await dumper.DumpAsync(state, context.CancellationToken);
            return new Wire.Empty();
        }
        catch (DumpException fault)
        {
            throw Refusals.CannotDump(fault.Message);
        }
    }

    public override async Task<Wire.Empty> DumpHistAll(Wire.Empty request, ServerCallContext context)
    {
        var faults = new List<string>();
        foreach (var id in journal.Listed(MostListed).Select(row => row.Id))
        {
            try
            {
                if (registry.Find(id) is { HasEnded: true } state)
                {
                    await dumper.DumpAsync(state, context.CancellationToken);
                }
            }
            catch (DumpException fault)
            {
                faults.Add(fault.Message);
            }
        }

        return faults.Count == 0 ? new Wire.Empty() : throw Refusals.CannotDump(faults);
    }
}
