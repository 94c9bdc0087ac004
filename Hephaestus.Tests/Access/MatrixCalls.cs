using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using Hephaestus.Protocol;
using Hephaestus.Protocol.Standard.HealthV1;
using Hephaestus.Tests.EndToEnd;
using V1 = Hephaestus.Protocol.Standard.ReflectionV1;
using V1Alpha = Hephaestus.Protocol.Standard.ReflectionV1Alpha;

namespace Hephaestus.Tests.Access;

/// <summary>The calls of the matrix, as its table writes them, and what comes of them in its letters.</summary>
internal sealed class MatrixCalls(GrpcChannel channel)
{
    private readonly Protocol.Hephaestus.HephaestusClient _calls = new(channel);
    private readonly Health.HealthClient _health = new(channel);

    /// <summary>Makes a call; what an execution that it began is waited for.</summary>
    public async Task<string> TryAsync(string call)
    {
        var words = call.Split(' ');
        try
        {
            await MadeAsync(words[0], words.ElementAtOrDefault(1) ?? "").DefaultTimeout();
            return ".";
        }
        catch (RpcException refused)
        {
            return refused.StatusCode switch
            {
                StatusCode.Unauthenticated => "U",
                StatusCode.PermissionDenied => "P",
                StatusCode.NotFound => "N",
                StatusCode.FailedPrecondition => "F",
                _ => refused.ToString(),
            };
        }
    }

    /// <summary>The plan sets that each list shows something of, by the list's name.</summary>
    /// <param name="last">The last event that the caller may see; 0: none.</param>
    public async Task<IReadOnlyDictionary<string, string[]>> SeenAsync(ulong last)
    {
        var catalogue = await FirstAsync(_calls.WatchCatalogue(new()));
        var executions = await FirstAsync(_calls.WatchExecutions(new() { Newest = 1000 }));
        var drain = await FirstAsync(_calls.Drain(new() { Look = true, NoWait = true }));
        return new Dictionary<string, string[]>
        {
            ["ListPlanSets"] = [.. (await _calls.ListPlanSetsAsync(new())).List_],
            ["ShowPlans"] = Sets((await _calls.ShowPlansAsync(new())).Ids.Select(plan => plan.Set)),
            ["ListExecutions"] = Sets((await _calls.ListExecutionsAsync(new() { PageSize = 1000 })).Executions.Select(each => each.Set)),
            ["WatchCatalogue"] = [.. catalogue.Snapshot.Sets],
            ["WatchCatalogue, plans"] = Sets(catalogue.Snapshot.Plans.Select(plan => plan.Set)),
            ["WatchExecutions"] = Sets(executions.Snapshot.Executions.Select(each => each.Set)),
            ["WatchExecutions, from the start"] = Sets(await EventsAsync(last)),
            ["Drain"] = Sets(drain.Progress.Left.Select(left => left.Set)),
        };
    }

    private async Task<List<string>> EventsAsync(ulong last)
    {
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var call = _calls.WatchExecutions(new() { AfterSequence = 0 });
        var (sets, through) = (new List<string>(), 0ul);
        while (through < last && await call.ResponseStream.MoveNext(timeout.Token))
        {
            var update = call.ResponseStream.Current;
            through = update.Event?.Sequence ?? update.Heartbeat.Sequence;
            sets.AddRange(update.Event is { } happened ? [happened.Set] : []);
        }

        return sets;
    }

    private static string[] Sets(IEnumerable<string> sets) => [.. sets.Distinct().Order(StringComparer.Ordinal)];

    private Task MadeAsync(string call, string about) => call switch
    {
        "ListPlanSets" => _calls.ListPlanSetsAsync(new()).ResponseAsync,
        "ListPlans" => _calls.ListPlansAsync(new() { Name = about }).ResponseAsync,
        "ListPlan" => _calls.ListPlanAsync(Plan(about)).ResponseAsync,
        "ShowPlans" => _calls.ShowPlansAsync(new()).ResponseAsync,
        "ShowStatus" => _calls.ShowStatusAsync(new() { Id = Id(about) }).ResponseAsync,
        "Execute" => RunAsync(Plan(about)),
        "CheckPlan" => _calls.CheckPlanAsync(new() { Set = Plan(about).Set, Plan = Plan(about).Plan }).ResponseAsync,
        "CancelExecution" => _calls.CancelExecutionAsync(new() { Id = Id(about) }).ResponseAsync,
        "ResumeExecution" => _calls.ResumeExecutionAsync(new() { Id = Id(about), CheckOnly = true }).ResponseAsync,
        "DumpHist" => _calls.DumpHistAsync(new() { Id = Id(about) }).ResponseAsync,
        "DumpHistAll" => _calls.DumpHistAllAsync(new()).ResponseAsync,
        "WatchCatalogue" => FirstAsync(_calls.WatchCatalogue(new() { Set = about })),
        "WatchExecutions" => FirstAsync(_calls.WatchExecutions(IsId(about) ? new() { Id = Id(about) } : new() { Set = about })),
        "FollowLog" => FirstAsync(_calls.FollowLog(new() { Id = Id(about), UntilNow = true })),
        "GetExecution" => _calls.GetExecutionAsync(new() { Id = Id(about) }).ResponseAsync,
        "ListExecutions" => _calls.ListExecutionsAsync(new() { Set = about }).ResponseAsync,
        "ListHermes" => _calls.ListHermesAsync(new()).ResponseAsync,
        "Drain" => FirstAsync(_calls.Drain(new() { NoWait = true, Look = about == "look", Undo = about == "undo" })),
        "SendHermesAgain" => _calls.SendHermesAgainAsync(IsId(about) ? new() { Ids = { Id(about) } } : new()).ResponseAsync,
        "Health.Check" => _health.CheckAsync(new()).ResponseAsync,
        "Health.List" => _health.ListAsync(new()).ResponseAsync,
        "Health.Watch" => FirstAsync(_health.Watch(new())),
        "v1.ServerReflectionInfo" => ReflectAsync(),
        "v1alpha.ServerReflectionInfo" => ReflectOldAsync(),
        _ => throw new InvalidOperationException($"The table has a call that nothing makes: {call}."),
    };

    private async Task RunAsync(PlanArg plan)
    {
        var begun = await _calls.ExecuteAsync(plan);
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var watch = _calls.WatchExecutions(new() { Id = begun.Id });
        while (await watch.ResponseStream.MoveNext(timeout.Token))
        {
            if (watch.ResponseStream.Current is { Event.Ended: not null } or { Snapshot.Executions: [{ Ended: not null }] })
            {
                return;
            }
        }
    }

    private static async Task<T> FirstAsync<T>(AsyncServerStreamingCall<T> call)
    {
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using (call)
        {
            Assert.True(await call.ResponseStream.MoveNext(timeout.Token));
            return call.ResponseStream.Current;
        }
    }

    private async Task ReflectAsync()
    {
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var call = new V1.ServerReflection.ServerReflectionClient(channel).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(new() { ListServices = "" });
        Assert.True(await call.ResponseStream.MoveNext(timeout.Token));
    }

    private async Task ReflectOldAsync()
    {
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        using var call = new V1Alpha.ServerReflection.ServerReflectionClient(channel).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(new() { ListServices = "" });
        Assert.True(await call.ResponseStream.MoveNext(timeout.Token));
    }

    private static PlanArg Plan(string text) => text.Split('/') is [var set, var plan] ? new() { Set = set, Plan = plan } : new();

    private static bool IsId(string text) => text is [>= '0' and <= '9', ..];

    private static uint Id(string text) => uint.Parse(text, CultureInfo.InvariantCulture);
}
