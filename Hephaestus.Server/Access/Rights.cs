using System.Collections.Frozen;
using Google.Protobuf.Reflection;
using Hephaestus.Protocol;
using Hephaestus.Protocol.Standard.HealthV1;
using V1 = Hephaestus.Protocol.Standard.ReflectionV1;
using V1Alpha = Hephaestus.Protocol.Standard.ReflectionV1Alpha;

namespace Hephaestus.Server.Access;

/// <summary>The right that each call needs. What is not in the table is refused.</summary>
internal static class Rights
{
    /// <summary>Executions that one call can name; the service refuses more.</summary>
    public const int MostNamed = 1000;

    private static readonly Right s_free = new(Role.None, []);
    private static readonly Right s_view = new(Role.Viewer, [new Subject.OwnSets()]);
    private static readonly Right s_operate = new(Role.Operator, [new Subject.OwnSets()]);
    private static readonly Right s_administer = new(Role.Admin, [new Subject.WholeServer()]);

    private static readonly FrozenDictionary<string, Func<object?, Right?>> s_table = new Dictionary<string, Func<object?, Right?>>
    {
        [Of("ListPlanSets")] = _ => s_view,
        [Of("ListPlans")] = For<PlanSetArg>(wish => Set(Role.Viewer, wish.Name)),
        [Of("ListPlan")] = For<PlanArg>(wish => Set(Role.Viewer, wish.Set)),
        [Of("ShowPlans")] = _ => s_view,
        [Of("ShowStatus")] = For<PlanId>(wish => Execution(Role.Viewer, wish.Id)),
        [Of("Execute")] = For<PlanArg>(wish => Set(Role.Operator, wish.Set)),
        [Of("DumpHist")] = For<PlanId>(wish => Execution(Role.Operator, wish.Id)),
        [Of("DumpHistAll")] = _ => s_operate,
        [Of("WatchCatalogue")] = For<WatchCatalogueRequest>(wish => Filtered(wish.Set)),
        [Of("WatchExecutions")] = For<WatchExecutionsRequest>(wish => Filtered(wish.Set, wish.Id)),
        [Of("FollowLog")] = For<FollowLogRequest>(wish => Execution(Role.Viewer, wish.Id)),
        [Of("GetExecution")] = For<GetExecutionRequest>(wish => Execution(Role.Viewer, wish.Id)),
        [Of("ListExecutions")] = For<ListExecutionsRequest>(wish => Filtered(wish.Set)),
        [Of("CancelExecution")] = For<CancelExecutionRequest>(wish => Execution(Role.Operator, wish.Id)),
        [Of("ResumeExecution")] = For<ResumeExecutionRequest>(wish => Execution(Role.Operator, wish.Id)),
        [Of("CheckPlan")] = For<CheckPlanRequest>(wish => Set(Role.Operator, wish.Set)),
        [Of("Drain")] = For<DrainRequest>(wish => wish is { Look: true, Undo: false } ? s_view : s_administer),
        [Of("ListHermes")] = _ => s_view,
        [Of("ListAudit")] = _ => s_administer,
        [Of("SendHermesAgain")] = For<SendHermesAgainRequest>(SendAgain),
    }.Concat(Free(Health.Descriptor, V1.ServerReflection.Descriptor, V1Alpha.ServerReflection.Descriptor)).ToFrozenDictionary();

    /// <summary>What a call needs; null: it is in no table, or not with such a request.</summary>
    /// <param name="method">As HTTP/2 has it: <c>/package.Service/Method</c>.</param>
    /// <param name="request">Null: the call has none before it begins.</param>
    public static Right? Of(string method, object? request) => s_table.GetValueOrDefault(method)?.Invoke(request);

    /// <summary>Whether a call is in the table.</summary>
    public static bool Know(string method) => s_table.ContainsKey(method);

    /// <summary>A method as HTTP/2 has it.</summary>
    public static string PathOf(MethodDescriptor method) => $"/{method.Service.FullName}/{method.Name}";

    private static string Of(string method) => PathOf(Protocol.Hephaestus.Descriptor.FindMethodByName(method)
        ?? throw new InvalidOperationException($"The service has no call {method}."));

    private static IEnumerable<KeyValuePair<string, Func<object?, Right?>>> Free(params ServiceDescriptor[] services) =>
        from method in services.SelectMany(service => service.Methods)
        select KeyValuePair.Create<string, Func<object?, Right?>>(PathOf(method), _ => s_free);

    private static Func<object?, Right?> For<T>(Func<T, Right> right)
        where T : class => request => request is T wish ? right(wish) : null;

    private static Right Set(Role role, string set) => new(role, [new Subject.PlanSet(set)]);

    private static Right Execution(Role role, uint id) => new(role, [new Subject.Execution(id)]);

    /// <summary>Of a list that the request may narrow.</summary>
    private static Right Filtered(string set, uint id = 0) => new(
        Role.Viewer,
        [
            new Subject.OwnSets(),
            .. set.Length > 0 ? new[] { new Subject.PlanSet(set) } : [],
            .. id > 0 ? new[] { new Subject.Execution(id) } : [],
        ]);

    private static Right SendAgain(SendHermesAgainRequest wish) => wish.Ids.Count == 0
        ? s_administer
        : new Right(Role.Admin, [.. wish.Ids.Take(MostNamed).Select(id => new Subject.Execution(id))]);
}
