using Hephaestus.Tests.Grpc;

namespace Hephaestus.Tests.Standard;

/// <summary>gRPC's reflection service, asked by another implementation.</summary>
public sealed class ReflectionTests
{
    [PythonTheory]
    [InlineData("services")]
    [InlineData("symbols")]
    [InlineData("by_name")]
    [InlineData("unknown")]
    [InlineData("usable")]
    public async Task A_client_learns_services_and_messages_in_both_versions(string scenario)
    {
        await using var server = await StandardServer.StartAsync();

        await Python.RunAsync(Python.Script("reflection.py"), server.Place, scenario);
    }
}
