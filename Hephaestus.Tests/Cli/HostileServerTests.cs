using System.Net;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Tests.EndToEnd;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Hephaestus.Tests.Cli;

/// <summary>The command line against a server of which every text steers terminals.</summary>
public sealed class HostileServerTests
{
    private const string Evil = "\e[31m\e]0;title\a\u009b2J\r\nnew line\u0085\0\b";

    [Theory]
    [InlineData("list-plan-sets")]
    [InlineData("list-plans", "--set", "s")]
    [InlineData("list-plan", "--set", "s", "--name", "n")]
    [InlineData("plans")]
    [InlineData("plans", "--long")]
    [InlineData("status", "--id", "1")]
    [InlineData("status", "--id", "1", "--follow")]
    [InlineData("exec", "--set", "s", "--name", "n")]
    [InlineData("exec", "--set", "s", "--name", "n", "--follow")]
    [InlineData("exec", "--set", "s", "--name", "n", "--wait")]
    [InlineData("exec", "--set", "s", "--name", "n", "--dry-run")]
    [InlineData("exec", "--resume", "1", "--dry-run")]
    [InlineData("cancel", "--id", "1")]
    [InlineData("watch")]
    [InlineData("watch", "--set", "s")]
    [InlineData("drain")]
    [InlineData("hermes")]
    [InlineData("audit")]
    [InlineData("dump-history", "--id", "1")]
    [InlineData("dump-all-history")]
    public async Task No_command_shows_control_characters_of_names_and_reasons(params string[] command)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore().AddGrpc();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        await using var application = builder.Build();
        application.UseRouting();
        application.MapGrpcService<Hostile>();
        await application.StartAsync().DefaultTimeout();
        var address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

        var shown = "";
        foreach (var json in new string[][] { [], ["--json"] })
        {
            var result = await CliProcess.RunAsync(["--hostname", address, .. json, .. command]);

            Assert.NotEmpty(result.Out + result.Err);
            Assert.DoesNotContain("a fault of this program", result.Err, StringComparison.Ordinal);
            Assert.DoesNotContain("Unhandled", result.Err, StringComparison.Ordinal);
            Assert.DoesNotContain(result.Out + result.Err, letter => char.IsControl(letter) && letter is not ('\n' or '\t'));
            shown += result.Out + result.Err;
        }

        Assert.Contains("title", shown, StringComparison.Ordinal);
    }

    /// <summary>Answers with messages of which every field is filled, and ends each stream with a refusal.</summary>
    internal sealed class Hostile : Protocol.Hephaestus.HephaestusBase
    {
        public override Task<List> ListPlanSets(Empty request, ServerCallContext context) => Answer<List>();

        public override Task<List> ListPlans(PlanSetArg request, ServerCallContext context) => Answer<List>();

        public override Task<PlanDetails> ListPlan(PlanArg request, ServerCallContext context) => Answer<PlanDetails>();

        public override Task<PlanList> ShowPlans(Empty request, ServerCallContext context) => Answer<PlanList>();

        public override Task<PlanId> Execute(PlanArg request, ServerCallContext context) => Answer<PlanId>();

        public override Task<Execution> GetExecution(GetExecutionRequest request, ServerCallContext context) => Answer<Execution>();

        public override Task<Execution> CancelExecution(CancelExecutionRequest request, ServerCallContext context) => Answer<Execution>();

        public override Task<Execution> ResumeExecution(ResumeExecutionRequest request, ServerCallContext context) => Answer<Execution>();

        public override Task<PlanCheck> CheckPlan(CheckPlanRequest request, ServerCallContext context) => Answer<PlanCheck>();

        public override Task<ExecutionPage> ListExecutions(ListExecutionsRequest request, ServerCallContext context) =>
            Page<ExecutionPage>(page => page.NextPageToken = "");

        public override Task<HermesPage> ListHermes(ListHermesRequest request, ServerCallContext context) =>
            Page<HermesPage>(page => page.NextPageToken = "");

        public override Task<AuditPage> ListAudit(ListAuditRequest request, ServerCallContext context) =>
            Page<AuditPage>(page => page.NextPageToken = "");

        public override Task<Empty> DumpHist(PlanId request, ServerCallContext context) => throw Refusal();

        public override Task<Empty> DumpHistAll(Empty request, ServerCallContext context) => throw Refusal();

        public override Task WatchCatalogue(WatchCatalogueRequest request, IServerStreamWriter<CatalogueUpdate> updates, ServerCallContext context) =>
            StreamAsync(updates);

        public override Task WatchExecutions(WatchExecutionsRequest request, IServerStreamWriter<ExecutionUpdate> updates, ServerCallContext context) =>
            StreamAsync(updates);

        public override Task Drain(DrainRequest request, IServerStreamWriter<DrainUpdate> updates, ServerCallContext context) =>
            StreamAsync(updates);

        /// <summary>The bytes of a log are the program's, and pass: none is sent.</summary>
        public override Task FollowLog(FollowLogRequest request, IServerStreamWriter<LogUpdate> updates, ServerCallContext context) => throw Refusal();

        private static Task<T> Answer<T>() where T : IMessage, new() => Task.FromResult((T)Filled(new T(), 0));

        private static Task<T> Page<T>(Action<T> last) where T : IMessage, new()
        {
            var page = (T)Filled(new T(), 0);
            last(page);
            return Task.FromResult(page);
        }

        /// <summary>Each kind of news, and of it each kind of event.</summary>
        private static async Task StreamAsync<T>(IServerStreamWriter<T> updates) where T : IMessage, new()
        {
            var kinds = new T().Descriptor.Oneofs[0].Fields.Count;
            for (var which = 0; which < kinds * 12; which++)
            {
                await updates.WriteAsync((T)Filled(new T(), which));
            }

            throw Refusal();
        }

        private static RpcException Refusal() => new(new Status(StatusCode.InvalidArgument, Evil));

        /// <summary>With every field set; of a choice the one that the number says.</summary>
        private static IMessage Filled(IMessage message, int which, int depth = 0)
        {
            foreach (var field in message.Descriptor.Fields.InDeclarationOrder().Where(field => depth < 6 && IsWanted(field, which)))
            {
                if (field.IsMap)
                {
                    ((System.Collections.IDictionary)field.Accessor.GetValue(message))["x" + Evil] = Evil;
                }
                else if (field.IsRepeated)
                {
                    ((System.Collections.IList)field.Accessor.GetValue(message)).Add(Value(field, which, depth));
                }
                else
                {
                    field.Accessor.SetValue(message, Value(field, which, depth));
                }
            }

            return message;
        }

        private static bool IsWanted(FieldDescriptor field, int which) => field.ContainingOneof is not { IsSynthetic: false } choice
            || choice.Fields[(choice.Fields.Count > 4 ? which / 3 : which) % choice.Fields.Count] == field;

        private static object Value(FieldDescriptor field, int which, int depth) => field.FieldType switch
        {
            FieldType.String => Evil,
            FieldType.Bytes => ByteString.CopyFromUtf8("x"),
            FieldType.Bool => true,
            FieldType.UInt32 => 1u,
            FieldType.UInt64 => 1ul,
            FieldType.Int32 => 1,
            FieldType.Int64 => 1L,
            FieldType.Enum => Enum.ToObject(field.EnumType.ClrType, 4),
            _ => Filled(field.MessageType.Parser.ParseFrom(ByteString.Empty), which, depth + 1),
        };
    }
}
