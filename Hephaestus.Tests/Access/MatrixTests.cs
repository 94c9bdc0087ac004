using Grpc.Net.Client;
using Hephaestus.Server.Streaming;

namespace Hephaestus.Tests.Access;

/// <summary>Every call by every kind of caller with every role and limit, at the built server.</summary>
public sealed class MatrixTests
{
    private const int Admin = 8;

    private static IEnumerable<int> Known => Enumerable.Range(1, MatrixTable.Columns.Length - 1);

    [Fact]
    public void The_table_has_every_call_that_is_mapped()
    {
        var called = MatrixTable.Rows.Select(row => row.Call.Split(' ')[0].Split('.')[^1]).ToHashSet();

        Assert.Equal(
            "", string.Join(", ", Endpoint.Mapped.SelectMany(service => service.Methods).Select(method => method.Name).Where(name => !called.Contains(name))));
    }

    [Fact]
    public async Task Each_caller_may_what_its_rule_grants_and_a_refused_call_changes_nothing()
    {
        using var callers = new MatrixCallers();
        await using var stage = await MatrixStage.BeginAsync(callers.Settings, [.. MatrixCallers.Rules]);
        var server = stage.Server;
        var faults = new List<string>();
        await AddAsync("anonymous", [0], _ => MatrixCallers.Anonymous(server));
        await AddAsync("token", Known, column => callers.Bearer(server, column));
        await AddAsync("cert", Known, column => callers.Certified(server, column));
        await AddAsync("own user", [Admin], _ => server.Local());
        if (Environment.IsPrivilegedProcess)
        {
            await AddAsync("uid", Known, column => MatrixCallers.User(server, column));
            await AddAsync("gid", Known, column => MatrixCallers.Group(server, column));
        }

        Assert.Equal("", string.Join('\n', faults));

        async Task AddAsync(string kind, IEnumerable<int> columns, Func<int, GrpcChannel> open)
        {
            foreach (var column in columns)
            {
                using var channel = open(column);
                faults.AddRange(await stage.FaultsOfAsync(kind, column, channel));
            }
        }
    }

    [Fact]
    public async Task What_everybody_may_those_may_too_who_show_nothing()
    {
        await using var stage = await MatrixStage.BeginAsync([], []);
        var faults = new List<string>();
        foreach (var column in Known.Skip(1))
        {
            await stage.Server.RuleAsync($"anonymous = {MatrixTable.Columns[column].Value}");
            using var channel = GrpcChannel.ForAddress(stage.Server.Process.Address);
            faults.AddRange(await stage.FaultsOfAsync("anonymous", column, channel));
        }

        Assert.Equal("", string.Join('\n', faults));
    }
}
