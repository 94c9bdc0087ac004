using Hephaestus.Server.Standard;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Grpc;

namespace Hephaestus.Tests.Standard;

/// <summary>gRPC's health service, asked by another implementation.</summary>
public sealed class HealthTests
{
    [PythonTheory]
    [InlineData("serving")]
    [InlineData("unknown")]
    [InlineData("everything")]
    public async Task A_server_that_can_work_says_so(string scenario)
    {
        await using var server = await StandardServer.StartAsync();

        await Python.RunAsync(Python.Script("health.py"), server.Place, scenario);
    }

    [PythonTheory]
    [InlineData((int)Impediments.DiskFull)]
    [InlineData((int)Impediments.Stopping)]
    [InlineData((int)(Impediments.DiskFull | Impediments.Stopping))]
    public async Task A_server_that_cannot_work_says_so_until_it_can_again(int value)
    {
        var impediments = (Impediments)value;
        await using var server = await StandardServer.StartAsync();

        server.Status.Add(impediments);
        await Python.RunAsync(Python.Script("health.py"), server.Place, "not_serving");
        server.Status.Remove(impediments);
        await Python.RunAsync(Python.Script("health.py"), server.Place, "serving");
    }

    [PythonFact]
    public async Task A_server_that_drains_serves_all_but_new_executions()
    {
        await using var server = await StandardServer.StartAsync();

        server.Status.Add(Impediments.Draining);
        await Python.RunAsync(Python.Script("health.py"), server.Place, "serving");
        await Python.RunAsync(Python.Script("health.py"), server.Place, "draining");
    }

    [PythonFact]
    public async Task A_watcher_is_told_the_status_and_each_change_until_the_host_stops()
    {
        await using var server = await StandardServer.StartAsync();
        using var watcher = Python.Start(Python.Script("health.py"), server.Place, "watch");
        Task<string?> ReadAsync() => watcher.StandardOutput.ReadLineAsync().DefaultTimeout();

        Assert.Equal("1", await ReadAsync());
        server.Status.Add(Impediments.DiskFull);
        Assert.Equal("2", await ReadAsync());
        // No change of what is told: nothing may come for it.
        server.Status.Add(Impediments.Stopping);
        server.Status.Remove(Impediments.DiskFull);
        server.Status.Remove(Impediments.Stopping);
        Assert.Equal("1", await ReadAsync());
        await server.StopAsync();
        Assert.Equal("UNAVAILABLE", await ReadAsync());

        await watcher.WaitForExitAsync().DefaultTimeout();
    }
}
