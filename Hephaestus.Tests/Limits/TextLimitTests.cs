using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Server;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Fuzz;
using Hephaestus.Tests.Fuzz.Areas;
using Hephaestus.Tests.Fuzz.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hephaestus.Tests.Limits;

/// <summary>Texts that are too long, steer a terminal or are none, on their way in and out.</summary>
public sealed class TextLimitTests
{
    private const string Escape = "\e[31m\e]0;title\a";

    private static readonly Dictionary<string, Func<Protocol.Hephaestus.HephaestusClient, string, Task>> s_calls = new()
    {
        ["set"] = async (calls, text) => await calls.ListPlansAsync(new PlanSetArg { Name = text }),
        ["plan"] = async (calls, text) => await calls.ListPlanAsync(new PlanArg { Set = "known", Plan = text }),
        ["filter by set"] = async (calls, text) => await calls.ListExecutionsAsync(new ListExecutionsRequest { Set = text }),
        ["filter by plan"] = async (calls, text) => await calls.ListExecutionsAsync(new ListExecutionsRequest { Plan = text }),
        ["watched set"] = async (calls, text) => await calls.WatchExecutions(new WatchExecutionsRequest { Set = text }).ResponseStream.MoveNext(CancellationToken.None),
        ["page token"] = async (calls, text) => await calls.ListExecutionsAsync(new ListExecutionsRequest { PageToken = text }),
        ["token of Hermes"] = async (calls, text) => await calls.ListHermesAsync(new ListHermesRequest { PageToken = text }),
        ["request id"] = async (calls, text) => await calls.ExecuteAsync(new PlanArg { Set = "known", Plan = "quick", RequestId = text }),
        ["parameter"] = async (calls, text) => await calls.ExecuteAsync(new PlanArg { Set = "known", Plan = "quick", Parameters = { [text] = "x" } }),
        ["reason"] = async (calls, text) => await calls.CancelExecutionAsync(new CancelExecutionRequest { Id = 1, Reason = text }),
        ["state"] = async (calls, text) => await calls.ListExecutionsAsync(new ListExecutionsRequest { States = { (State)text.Length + 100 } }),
    };

    [Fact]
    public async Task Texts_that_are_too_long_or_steer_a_terminal_are_refused_with_a_line_that_does_not()
    {
        await using var target = await Target.StartAsync();
        Assert.Null(await target.WrongAsync(CancellationToken.None));
        foreach (var (what, call) in s_calls)
        {
            foreach (var text in new[] { Escape, new string('x', 50_000), "\u009b31m" })
            {
                var refused = await Assert.ThrowsAsync<RpcException>(() => call(target.Calls, text).DefaultTimeout());

                Assert.Equal((what, StatusCode.InvalidArgument), (what, refused.StatusCode));
                Assert.DoesNotContain(refused.Status.Detail, char.IsControl);
                Assert.InRange(refused.Status.Detail.Length, 1, 1000);
            }
        }

        var step = await Assert.ThrowsAsync<RpcException>(
            () => target.Calls.FollowLog(new FollowLogRequest { Id = 1, Step = Escape }).ResponseStream.MoveNext(CancellationToken.None).DefaultTimeout());
        Assert.Equal(StatusCode.NotFound, step.StatusCode);
        Assert.DoesNotContain(step.Status.Detail, char.IsControl);
        Assert.Null(target.Said());
    }

    [Theory]
    [InlineData(new byte[] { 10, 2, 0xff, 0xfe })]
    [InlineData(new byte[] { 10, 3, 0xed, 0xa0, 0x80 })]
    public async Task A_name_that_is_not_UTF_8_is_refused_and_no_fault_of_the_server(byte[] message)
    {
        await using var target = await Target.StartAsync();
        using var patience = new CancellationTokenSource(Timeouts.Default);
        using var connection = await RawConnection.OpenAsync(target.Local, patience.Token);
        await connection.BeginAsync(patience.Token);
        var block = Hpack.Encode(CallFields.Of("/hephaestus.Hephaestus/ListPlans"));
        byte[] body = [0, 0, 0, 0, (byte)message.Length, .. message];
        await connection.SendAsync(
            (byte[])[
                .. new Http2Frame(Http2Frame.Headers, Http2Frame.EndHeaders, 1, block).ToBytes(),
                .. new Http2Frame(Http2Frame.Data, Http2Frame.EndStream, 1, body).ToBytes()],
            patience.Token);

        Http2Frame? frame;
        do
        {
            frame = await connection.ReadAsync(patience.Token);
        }
        while (frame is { Type: not Http2Frame.Headers });

        var fields = Hpack.Decode(frame!.Value.Payload).ToDictionary(field => field.Name, field => field.Value);
        Assert.Equal($"{(int)StatusCode.InvalidArgument}", fields["grpc-status"]);
        Assert.Contains("must be UTF-8", fields["grpc-message"], StringComparison.Ordinal);
        Assert.Null(await target.WrongAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_reason_of_some_lines_is_told_and_begins_no_line_of_a_log()
    {
        await using var home = new ServerHome();
        home.Plan("set", "p", "<plan id=\"x\"></plan>\n<step name=\"a\">sleep 100000</step>\n");
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");

        await client.CancelAsync(id, "one\n2026-01-01 00:00:00 I ----> Plan ended: OK");

        var remarks = (await client.WhenLogAsync(id, log => log.End is not null)).Remarks;
        Assert.All(remarks, remark => Assert.StartsWith("----> ", remark, StringComparison.Ordinal));
        Assert.DoesNotContain("----> Plan ended: OK", remarks);
    }

    [Fact]
    public async Task The_command_line_shows_no_control_characters_of_a_server_whatever_it_writes_to()
    {
        await using var home = new ServerHome();
        home.Plan("set", "p", $"<plan id=\"x\"></plan>\n<step name=\"a\">: '{Escape}'</step>\n");
        home.Plan("set", "broken", $"<plan id=\"x\"></plan>\n<step name=\"a\" {Escape}=\"b\">:</step>\n");
        await using var server = await home.StartAsync();
        await CliProcess.ExecAsync(server, "set", "p");

        string[][] commands =
        [
            ["list-plan", "--set", "set", "--name", "p"],
            ["list-plan", "--set", "set", "--name", "broken"],
            ["list-plans", "--set", "set"],
            ["exec", "--set", "set", "--name", "p", "--dry-run"],
            ["exec", "--set", "set", "--name", "broken"],
            ["exec", "--set", "set", "--name", "p", "--param", $"{Escape}=x"],
            ["exec", "--set", Escape, "--name", "p"],
            ["plans", "--long"],
            ["plans", "--json"],
        ];
        foreach (var command in commands)
        {
            var result = await CliProcess.RunAsync(server, command);

            Assert.DoesNotContain(result.Out + result.Err, letter => char.IsControl(letter) && letter is not ('\n' or '\t'));
        }
    }

    [Fact]
    public void An_entry_of_the_servers_log_is_one_line_whatever_is_in_it()
    {
        var written = new StringWriter();
        var entry = new LogEntry<string>(
            LogLevel.Warning, "Some.Thing", 7, "name\nfail: Fake[0] \e[31m\r\u0085\u2028", new IOException("first\nsecond"), (state, _) => state);

        new LogLines().Write(entry, null, written);

        Assert.Equal(
            "warn: Some.Thing[7] name fail: Fake[0] \\x1b[31m\\x0d\\x85  System.IO.IOException: first second\n", written.ToString());
    }
}
