using Grpc.Core;
using Grpc.Net.Client;
using Hephaestus.Cli.Connection;
using Hephaestus.Protocol;
using HephaestusClient = Hephaestus.Protocol.Hephaestus.HephaestusClient;

namespace Hephaestus.Tests.Chaos.Acts;

/// <summary>Asks the server of a stage, and again when it is killed over that, until there is an answer.</summary>
internal sealed class Asking(Stage stage, CancellationToken patience)
{
    /// <summary>For an answer, before the same is asked again: the server may be suspended, or wait for space.</summary>
    private static readonly TimeSpan s_oneAnswer = TimeSpan.FromSeconds(4);

    /// <summary>A server that was just killed is not known to be gone at once.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    /// <exception cref="RpcException">The server refused.</exception>
    public async Task<T> AskAsync<T>(Func<HephaestusClient, CallOptions, AsyncUnaryCall<T>> ask)
    {
        while (true)
        {
            var server = await stage.UpAsync(patience);
            using var channel = GrpcChannel.ForAddress(server.Address);
            try
            {
                using var call = ask(new HephaestusClient(channel), new(deadline: DateTime.UtcNow + s_oneAnswer, cancellationToken: patience));
                return await call.ResponseAsync;
            }
            catch (RpcException fault) when (Faults.IsLost(fault) && !patience.IsCancellationRequested)
            {
                await Task.Delay(s_pause, patience);
            }
        }
    }

    /// <summary>Asks, and does not wait for the answer to come: the connection breaks so soon.</summary>
    public async Task AskInVainAsync<T>(TimeSpan soon, Func<HephaestusClient, CallOptions, AsyncUnaryCall<T>> ask)
    {
        var server = await stage.UpAsync(patience);
        using var channel = GrpcChannel.ForAddress(server.Address);
        using var call = ask(new HephaestusClient(channel), new(cancellationToken: patience));
        await Task.WhenAny(call.ResponseAsync, Task.Delay(soon, patience));
    }

    /// <summary>The first that a stream gives of what is wanted.</summary>
    public async Task<TWanted> FirstAsync<TUpdate, TWanted>(
        Func<HephaestusClient, CallOptions, AsyncServerStreamingCall<TUpdate>> open, Func<TUpdate, TWanted?> wanted)
        where TWanted : class
    {
        while (true)
        {
            var server = await stage.UpAsync(patience);
            using var channel = GrpcChannel.ForAddress(server.Address);
            using var call = open(new HephaestusClient(channel), new(cancellationToken: patience));
            try
            {
                while (await call.ResponseStream.MoveNext(patience))
                {
                    if (wanted(call.ResponseStream.Current) is { } found)
                    {
                        return found;
                    }
                }
            }
            catch (RpcException fault) when (Faults.IsLost(fault) && !patience.IsCancellationRequested)
            {
                await Task.Delay(s_pause, patience);
            }
        }
    }

    /// <summary>Completes when the server's catalogue has a plan in this text.</summary>
    /// <param name="tag">Stands in the text's tag or, where it is broken, in its mistake.</param>
    public Task KnowsAsync(string plan, string tag) => FirstAsync(
        (calls, options) => calls.WatchCatalogue(new WatchCatalogueRequest(), options),
        update => (update.Snapshot?.Plans ?? update.Change?.Plans)?.FirstOrDefault(known => known.Name == plan && Bears(known, tag)));

    private static bool Bears(PlanSummary plan, string tag) =>
        plan.TagId == tag || plan.Diagnostics.Any(found => found.Message.Contains(tag, StringComparison.Ordinal));
}
