using Grpc.Core;
using Hephaestus.Cli.Connection;

namespace Hephaestus.Tests.Cli;

public sealed class PatienceTests
{
    private static readonly RpcException s_lost = new(new Status(StatusCode.Unavailable, "gone."));

    private readonly List<string> _said = [];

    [Fact]
    public async Task A_server_that_was_never_reached_is_not_tried_again() =>
        Assert.Same(s_lost, await Assert.ThrowsAsync<RpcException>(() => Patience(null).WaitAsync(s_lost, default)));

    [Theory]
    [InlineData(StatusCode.NotFound)]
    [InlineData(StatusCode.OutOfRange)]
    [InlineData(StatusCode.Unimplemented)]
    [InlineData(StatusCode.Internal)]
    public async Task A_refusal_is_not_tried_again(StatusCode code)
    {
        var patience = Reached(null);
        await Assert.ThrowsAsync<RpcException>(() => patience.WaitAsync(new RpcException(new Status(code, "no")), default));
    }

    [Fact]
    public async Task Each_break_is_told_once_and_its_end_too()
    {
        var patience = Reached(TimeSpan.FromHours(1));

        await patience.WaitAsync(s_lost, default);
        await patience.WaitAsync(s_lost, default);
        patience.Reached();
        patience.Reached();

        Assert.Equal(["gone; trying to reach it again for 1h", "connected again"], _said);
    }

    [Fact]
    public async Task Without_patience_there_is_no_second_try()
    {
        await Assert.ThrowsAsync<RpcException>(() => Reached(TimeSpan.Zero).WaitAsync(s_lost, default));
        Assert.Empty(_said);
    }

    [Fact]
    public async Task A_connection_that_broke_below_the_protocol_is_tried_again()
    {
        var cause = new HttpRequestException("reset", new IOException("reset"));
        var broken = new RpcException(new Status(StatusCode.Internal, "", cause));

        await Reached(null).WaitAsync(broken, default);
        Assert.Single(_said);
    }

    private Patience Reached(TimeSpan? limit)
    {
        var patience = Patience(limit);
        patience.Reached();
        return patience;
    }

    private Patience Patience(TimeSpan? limit) => new(limit, fault => fault.Status.Detail, _said.Add, TimeProvider.System);
}
