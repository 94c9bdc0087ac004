using Grpc.Core;
using Hephaestus.Server.Access;
using Hephaestus.Server.Audit;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Standard;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Streaming;

internal sealed partial class HephaestusService
{
    public override async Task<Wire.PlanCheck> CheckPlan(Wire.CheckPlanRequest request, ServerCallContext context)
    {
        var entry = await FindNowAsync(request.Set, request.Plan, context.CancellationToken);
        var parameters = Parameters(request.Parameters, entry.Reading.Plan!);
        var outlook = await examination.ExamineAsync(entry, parameters, context.CancellationToken);
        return new CheckMessages(entry, outlook, grace).ToMessage(MessageBudget);
    }

    /// <summary>A caller that goes away changes nothing: draining is the server's state, not the call's.</summary>
    public override async Task Drain(
        Wire.DrainRequest request, IServerStreamWriter<Wire.DrainUpdate> updates, ServerCallContext context)
    {
        await SwitchAsync(request, context);
        var (state, reach) = (draining.Look(), Seen(context));
        await updates.WriteAsync(Progress(state, reach), context.CancellationToken);
        while (!request.NoWait && state is { Draining: true, Drained: false })
        {
            var changed = await draining.ChangedAsync(state, s_heartbeat, context.CancellationToken);
            await updates.WriteAsync(
                changed is null ? new Wire.DrainUpdate { Heartbeat = Heartbeat() } : Progress(changed, reach), context.CancellationToken);
            state = changed ?? state;
        }
    }

    private async Task SwitchAsync(Wire.DrainRequest request, ServerCallContext context)
    {
        var caller = Caller.Of(context).ToString();
        switch (request)
        {
            case { Undo: true, Look: true }:
                throw Refusals.SenselessDrain();
            case { Look: true }:
                break;
            case { Undo: true }:
                await RecordAsync(context);
                draining.Undo(caller);
                break;
            default:
                await RecordAsync(context);
                draining.Begin(caller);
                break;
        }
    }

    /// <summary>
    /// Beforehand, since nothing else of it is in the journal, and the call may last for days. Where the journal cannot be written
    /// nothing is changed, instead of at a time that nobody can foresee.
    /// </summary>
    private async Task RecordAsync(ServerCallContext context)
    {
        if (journal.Trouble.Value is not null)
        {
            throw Refusals.StorageFails();
        }

        var call = AuditedCall.Of(context);
        await audit.AddAsync(call.Entry(context, new AuditOutcome(StatusCode.OK)));
        call.IsRecorded = true;
    }

    /// <summary>How many are left is the server's state; which, the caller may not be told of all.</summary>
    private static Wire.DrainUpdate Progress(DrainState state, SetGlobs reach)
    {
        var progress = new Wire.DrainProgress
        {
            Draining = state.Draining,
            Drained = state.Drained,
            Running = (uint)state.Running,
            Queued = (uint)state.Queued,
        };
        progress.Left.AddRange(state.Oldest.Where(row => reach.Covers(row.Set)).Select(
            row => new Wire.LeftExecution { Id = row.Id, Set = row.Set, Plan = row.Plan, State = row.State }));
        return new Wire.DrainUpdate { Progress = progress };
    }
}
