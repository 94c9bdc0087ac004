using Grpc.Core;

namespace Hephaestus.Tests.Grpc;

/// <summary>
/// What stands in for the packages Grpc.AspNetCore and Grpc.Net.Client offers nothing that those lack: code that is written
/// against it builds against them.
/// </summary>
public sealed class PublicNamesTests
{
    private static readonly string[] s_namespaces =
        ["Grpc", "Microsoft.AspNetCore.Builder", "Microsoft.Extensions.DependencyInjection"];

    [Fact]
    public void The_stand_ins_public_names_are_those_that_were_approved()
    {
        var names = PublicNames.Of(typeof(RpcException).Assembly, IsStandIn);

        Assert.Equal(Read("PublicNames.approved.txt"), names);
    }

    [Fact]
    public void Every_approved_name_is_one_of_the_packages() =>
        Assert.Empty(Read("PublicNames.approved.txt").Except(Read("PublicNames.packages.txt")));

    private static bool IsStandIn(Type type) =>
        s_namespaces.Any(name => type.Namespace == name || type.Namespace!.StartsWith(name + ".", StringComparison.Ordinal));

    private static string[] Read(string file) =>
        [.. File.ReadAllLines(Python.Script(file)).Where(line => line.Length > 0 && line[0] != '#')];
}
