using Grpc.Core;
using Grpc.Net.Client;
using Hephaestus.Cli.Connection;
using Hephaestus.Tests.Chaos.Acts;
using HephaestusClient = Hephaestus.Protocol.Hephaestus.HephaestusClient;

namespace Hephaestus.Tests.Chaos.Observers;

/// <summary>
/// A stream that is taken up again and again until it is at its end, whoever broke it: the server, the switchboard, or
/// itself, as the dice fall.
/// </summary>
internal sealed class Subscription<TUpdate>(Stage stage, Switchboard board, Dice dice)
{
    /// <summary>Then it stays on.</summary>
    private const int MostHangUps = 20;

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    private readonly bool _isFickle = dice.Percent(50);

    /// <summary>How often it was connected.</summary>
    public int Connections { get; private set; }

    /// <param name="open">Makes the call, from where its caller is.</param>
    /// <param name="take">Deals with an update; true: it is the last one.</param>
    /// <exception cref="RpcException">The server refused.</exception>
    public async Task RunAsync(
        Func<HephaestusClient, CallOptions, AsyncServerStreamingCall<TUpdate>> open, Func<TUpdate, bool> take, CancellationToken end)
    {
        while (true)
        {
            var server = await stage.UpAsync(end);
            using var connection = CancellationTokenSource.CreateLinkedTokenSource(end, board.Connected);
            using var channel = GrpcChannel.ForAddress(server.Address);
            try
            {
                using var call = open(new HephaestusClient(channel), new CallOptions(cancellationToken: connection.Token));
                if (await ReadAsync(call, take, connection.Token))
                {
                    return;
                }
            }
            catch (Exception broken) when (broken is OperationCanceledException || (broken is RpcException fault && Faults.IsLost(fault)))
            {
                await Task.Delay(s_pause, end);
            }
        }
    }

    /// <summary>True: it was read to its end; false: it was hung up.</summary>
    private async Task<bool> ReadAsync(
        AsyncServerStreamingCall<TUpdate> call, Func<TUpdate, bool> take, CancellationToken connected)
    {
        Connections++;
        var left = _isFickle && Connections <= MostHangUps ? dice.Between(1, 40) : int.MaxValue;
        while (left-- > 0)
        {
            if (!await call.ResponseStream.MoveNext(connected))
            {
                throw new OperationCanceledException("the server ended the stream before its last update");
            }

            if (take(call.ResponseStream.Current))
            {
                return true;
            }
        }

        return false;
    }
}
