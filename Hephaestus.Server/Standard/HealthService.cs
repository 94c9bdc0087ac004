using Grpc.Core;
using Hephaestus.Protocol.Standard.HealthV1;
using Hephaestus.Server.Plans;
using Answer = Hephaestus.Protocol.Standard.HealthV1.HealthCheckResponse.Types.ServingStatus;

namespace Hephaestus.Server.Standard;

/// <summary>
/// gRPC's health service, grpc.health.v1, for the server as a whole ("") and for its own service by name. A server that
/// drains serves; only under the name of the call that starts executions it does not, for whoever hands those out.
/// </summary>
internal sealed class HealthService(ServingStatus status) : Health.HealthBase
{
    private static readonly string s_execute = $"{Protocol.Hephaestus.Descriptor.FullName}/Execute";
    private static readonly string[] s_services = ["", Protocol.Hephaestus.Descriptor.FullName, s_execute];

    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) =>
        Task.FromResult(s_services.Contains(request.Service)
            ? Response(AnswerOf(status.Current.Value, request.Service))
            : throw new RpcException(new Status(StatusCode.NotFound, $"there is no service {Spelling.Quote(request.Service)}")));

    public override Task<HealthListResponse> List(HealthListRequest request, ServerCallContext context)
    {
        var list = new HealthListResponse();
        foreach (var service in s_services)
        {
            list.Statuses.Add(service, Response(AnswerOf(status.Current.Value, service)));
        }

        return Task.FromResult(list);
    }

    /// <summary>
    /// A slow watcher is told the newest status, not each one between. It ends when its caller or the host does.
    /// </summary>
    public override async Task Watch(
        HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responses, ServerCallContext context)
    {
        if (!s_services.Contains(request.Service))
        {
            await responses.WriteAsync(Response(Answer.ServiceUnknown), context.CancellationToken);
            // Services do not come and go here, so nothing can follow; but the protocol keeps the call open.
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        }

        Answer? told = null;
        while (true)
        {
            var (impediments, version) = status.Current.Current;
            var answer = AnswerOf(impediments, request.Service);
            if (answer != told)
            {
                await responses.WriteAsync(Response(answer), context.CancellationToken);
                told = answer;
            }

            await status.Current.NextAsync(version, context.CancellationToken);
        }
    }

    private static Answer AnswerOf(Impediments impediments, string service) =>
        (service == s_execute ? impediments : impediments & ~Impediments.Draining) == Impediments.None
            ? Answer.Serving
            : Answer.NotServing;

    private static HealthCheckResponse Response(Answer answer) => new() { Status = answer };
}
