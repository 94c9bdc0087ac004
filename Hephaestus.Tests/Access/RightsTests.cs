using Hephaestus.Protocol;
using Hephaestus.Server.Access;
using Hephaestus.Server.Streaming;
using Hephaestus.Tests.Docs;

namespace Hephaestus.Tests.Access;

/// <summary>The table of rights.</summary>
public sealed class RightsTests
{
    [Fact]
    public void Every_call_that_is_mapped_has_a_right()
    {
        var methods = Endpoint.Mapped.SelectMany(service => service.Methods).ToArray();

        Assert.Contains(methods, method => method.Name == "Execute");
        Assert.Equal("", string.Join(", ", methods.Select(Rights.PathOf).Where(path => !Rights.Know(path))));
    }

    [Fact]
    public void A_call_that_is_in_no_table_and_one_with_another_request_has_none()
    {
        Assert.Null(Rights.Of("/hephaestus.Hephaestus/Reboot", new Empty()));
        Assert.Null(Rights.Of("/hephaestus.Hephaestus/Execute", new Empty()));
        Assert.Null(Rights.Of("/hephaestus.Hephaestus/Execute", null));
    }

    [Fact]
    public void The_page_on_configuration_names_every_call_that_takes_a_role()
    {
        var page = Manual.Read("docs/configuration.md");
        var table = page[page.IndexOf("### Access", StringComparison.Ordinal)..].Split("\n### ")[0];

        Assert.All(Protocol.Hephaestus.Descriptor.Methods, method => Assert.Contains($"`{method.Name}`", table, StringComparison.Ordinal));
    }
}
