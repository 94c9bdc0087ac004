using Grpc.Core;
using Hephaestus.Server.Access;
using Hephaestus.Server.Audit;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Hermes;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Standard;

namespace Hephaestus.Server.Streaming;

/// <summary>
/// The gRPC service: adapters that validate, map, await and write. Each part of it lies in a file of its own: plans,
/// executions, logs, what is controlled.
/// </summary>
internal sealed partial class HephaestusService(
    LiveCatalogue catalogue,
    Acceptance acceptance,
    Registry registry,
    ExecutionJournal journal,
    LogArchive archive,
    Dumper dumper,
    PlanExamination examination,
    Draining draining,
    TimeSpan grace,
    HermesPublisher? hermes,
    AuditLog audit) : Protocol.Hephaestus.HephaestusBase
{
    /// <summary>After this much silence a stream says where it is.</summary>
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Clients refuse messages over 4 MiB; what frames and trailers add stays below the rest.</summary>
    private const int MessageBudget = (4 * 1024 * 1024) - (64 * 1024);

    /// <summary>Bytes that a message costs at most as an element of another's list: tag and length.</summary>
    private const int FieldOverhead = 6;

    private CatalogueEntry Find(string set, string plan)
    {
        Check("set", set);
        Check("plan", plan);
        return catalogue.Current.Sets.GetValueOrDefault(set) is not { } found
            ? throw Refusals.NoSuchSet(set)
            : found.Plans.GetValueOrDefault(plan) ?? throw Refusals.NoSuchPlan(set, plan);
    }

    /// <summary>The plan sets that a call may tell of.</summary>
    private static SetGlobs Seen(ServerCallContext context) => Permissions.Of(context).Reach(Role.Viewer);

    /// <summary>The plan as it stands on the disk at this moment, without errors.</summary>
    private async Task<CatalogueEntry> FindNowAsync(string set, string plan, CancellationToken cancellation)
    {
        Find(set, plan);
        try
        {
            var entry = await catalogue.Plans.NowAsync(new PlanKey(set, plan), cancellation) ?? throw Refusals.NoSuchPlan(set, plan);
            return entry.Reading.Plan is null ? throw Refusals.Broken(entry) : entry;
        }
        catch (TimeoutException restless)
        {
            throw Refusals.NotNow(restless);
        }
    }

    private ExecutionState Find(uint id) => registry.Find(id) ?? throw Refusals.NoSuchExecution(id);

    private static void Check(string kind, string name)
    {
        if (PlanNames.Refusal(kind, name) is { } refusal)
        {
            throw Refusals.BadName(refusal);
        }
    }

    /// <summary>Empty: all.</summary>
    private static void CheckFilter(string set, string plan = "")
    {
        if (set.Length > 0)
        {
            Check("set", set);
        }

        if (plan.Length > 0)
        {
            Check("plan", plan);
        }
    }

    private static Protocol.Heartbeat Heartbeat(long sequence = 0) => new()
    {
        Time = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow),
        Sequence = (ulong)sequence,
    };
}
