using Grpc.Net.Client;
using Hephaestus.Protocol;
using Hephaestus.Protocol.Standard.HealthV1;
using Hephaestus.Server.Streaming;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Access;

/// <summary>Every call by every kind of caller with every role and limit, at the built server.</summary>
public sealed class MatrixTests
{
    [Fact]
    public void The_table_has_every_call_that_is_mapped()
    {
        var called = MatrixTable.Rows.Select(row => row.Call.Split(' ')[0].Split('.')[^1]).ToHashSet();

        Assert.Equal(
            "", string.Join(", ", Endpoint.Mapped.SelectMany(service => service.Methods).Select(method => method.Name).Where(name => !called.Contains(name))));
    }

    [Fact]
    public async Task Callers_who_show_nothing()
    {
        await using var stage = await MatrixStage.BeginAsync([]);
        var faults = new List<string>();
        foreach (var (column, number) in MatrixTable.Columns.Select((column, number) => (column, number)).Where(each => each.column.Name != "known"))
        {
            await stage.Server.RuleAsync(column.Value is null ? [] : [$"anonymous = {column.Value}"]);
            using var channel = GrpcChannel.ForAddress(stage.Server.Process.Address);
            faults.AddRange(await stage.FaultsOfAsync("anonymous", number, channel));
        }

        Assert.Equal("", string.Join('\n', faults));
    }
}
