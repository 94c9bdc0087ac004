using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Grpc;

/// <summary>The server under test and another implementation's client, client.py.</summary>
public sealed class ServerTests
{
    private static readonly string[] s_scenarios =
    [
        "unary", "many_at_once", "server_streaming", "client_streaming", "duplex", "metadata", "status",
        "status_after_messages", "failure", "unknown_method", "undecodable", "deadline", "big_messages", "too_big", "gzip",
        "slow_reader",
    ];

    public static IEnumerable<object[]> Scenarios =>
        from transport in Enum.GetValues<Transport>() from scenario in s_scenarios select new object[] { transport, scenario };

    [PythonTheory]
    [MemberData(nameof(Scenarios))]
    public async Task Another_implementation_gets_from_our_server_what_gRPC_promises(Transport transport, string scenario)
    {
        await using var server = await OwnServer.StartAsync();

        await RunAsync(server.At(transport), scenario);
    }

    [PythonTheory]
    [InlineData(Transport.ClearText)]
    [InlineData(Transport.Tls)]
    [InlineData(Transport.UnixSocket)]
    public async Task A_handler_hears_that_another_implementation_has_cancelled(Transport transport)
    {
        await using var server = await OwnServer.StartAsync();

        await RunAsync(server.At(transport), "cancellation");

        await server.SaysAsync("cancelled given up");
    }

    private static Task RunAsync(TrialTarget target, string scenario) => Python.RunAsync(
        Python.Script("client.py"), target.ForPython, target.Transport == Transport.Tls ? target.Certificate : "-", scenario);
}
