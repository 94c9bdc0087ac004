using Google.Protobuf;
using Hephaestus.Protocol;
using Hephaestus.Protocol.Standard.HealthV1;
using Hephaestus.Protocol.Standard.ReflectionV1;
using Hephaestus.Tests.Chaos;

namespace Hephaestus.Tests.Fuzz.Areas;

/// <summary>Messages of every call, changed as bytes or in one field.</summary>
internal sealed class MessageArea() : CallArea("protobuf")
{
    private static readonly PlanId s_one = new() { Id = 1, Set = "known", Plan = "quick" };
    private static readonly PlanArg s_plan = new() { Set = "known", Plan = "quick", Parameters = { ["WHO"] = "you" }, RequestId = "r" };
    private static readonly CheckPlanRequest s_check = new() { Set = "known", Plan = "quick", Parameters = { ["WHO"] = "you" } };

    private static readonly FollowLogRequest s_follow = new()
    {
        Id = 1,
        From = new Cursor { Line = 2, Offset = 1, Generation = 1, Unfinished = { new UnfinishedLine { Step = 1, Attempt = 1, Stream = LogStream.Out, Start = 0, Offset = 3 } } },
        Step = "a",
        Streams = { LogStream.Out, LogStream.Remark },
        UntilNow = true,
    };

    private static readonly (string Method, IMessage Message)[] s_own =
    [
        ("ListPlanSets", new Empty()),
        ("ListPlans", new PlanSetArg { Name = "known" }),
        ("ListPlan", s_plan),
        ("ShowPlans", new Empty()),
        ("ShowStatus", s_one),
        ("Execute", s_plan),
        ("DumpHist", s_one),
        ("DumpHistAll", new Empty()),
        ("WatchCatalogue", new WatchCatalogueRequest { Set = "known" }),
        ("WatchExecutions", new WatchExecutionsRequest { AfterSequence = 1, Newest = 3, Set = "known", Plan = "quick", Id = 1 }),
        ("WatchExecutions", new WatchExecutionsRequest { Newest = 3 }),
        ("FollowLog", s_follow),
        ("FollowLog", new FollowLogRequest { Id = 1, Tail = 3, UntilNow = true }),
        ("GetExecution", new GetExecutionRequest { Id = 1 }),
        ("ListExecutions", new ListExecutionsRequest { PageSize = 2, PageToken = "7", Set = "known", Plan = "quick", States = { State.Ok, State.Nok } }),
        ("CancelExecution", new CancelExecutionRequest { Id = 1, Reason = "because" }),
        ("ResumeExecution", new ResumeExecutionRequest { Id = 1, RequestId = "again", CheckOnly = true }),
        ("CheckPlan", s_check),
        ("Drain", new DrainRequest { Look = true, NoWait = true }),
        ("ListHermes", new ListHermesRequest { PageSize = 3, PageToken = "4" }),
        ("SendHermesAgain", new SendHermesAgainRequest { Ids = { 1, 2 } }),
    ];

    private static readonly (string Path, IMessage Message)[] s_all =
    [
        .. s_own.Select(call => ($"/hephaestus.Hephaestus/{call.Method}", call.Message)),
        ("/grpc.health.v1.Health/Check", new HealthCheckRequest { Service = "hephaestus.Hephaestus" }),
        ("/grpc.health.v1.Health/Watch", new HealthCheckRequest { Service = "" }),
        ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", new ServerReflectionRequest { FileByFilename = "hephaestus.proto" }),
        ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", new ServerReflectionRequest { FileContainingSymbol = "hephaestus.Hephaestus" }),
    ];

    public override byte[] Make(Dice dice)
    {
        var (path, message) = s_all[dice.Between(0, s_all.Length - 1)];
        var bytes = message.ToByteArray();
        bytes = dice.Percent(50) ? Fields.Change(dice, bytes) : Mutation.Of(dice, bytes);
        return Call(CallFields.Of(path), Framed(bytes));
    }
}
