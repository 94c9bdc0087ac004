using System.Diagnostics;
using System.Net.Sockets;
using Hephaestus.Server.Access;
using Hephaestus.Server.Supervision;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Limits;
using Hephaestus.Tests.Supervision;

namespace Hephaestus.Tests.Access;

/// <summary>The unix socket: who may connect, and who has.</summary>
public sealed class LocalSocketTests
{
    private const string Nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups";
    private const string Accepted = "grpc-status: 0";

    [Theory]
    [InlineData("", 0b110_110_000)]
    [InlineData("0600", 0b110_000_000)]
    [InlineData("777", 0b111_111_111)]
    public async Task The_socket_has_the_mode_that_is_asked_for_whatever_the_umask(string mode, int expected)
    {
        await using var home = new ServerHome(mode.Length == 0 ? [] : [$"host.grpc.socket.mode = {mode}"]);
        await using var server = await home.StartByAsync("umask 0077; exec \"$@\"");

        Assert.Equal((UnixFileMode)expected, File.GetUnixFileMode(home.Socket));
    }

    [Fact]
    public async Task It_is_gone_when_the_server_has_stopped()
    {
        await using var home = new ServerHome();
        await using var server = await home.StartAsync();
        Assert.True(File.Exists(home.Socket));

        Assert.Equal(0, await server.StopAsync());

        Assert.False(File.Exists(home.Socket));
    }

    [Fact]
    public async Task Where_another_program_listens_it_stays_that_programs()
    {
        await using var home = new ServerHome();
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(home.Socket));
        other.Listen();
        await using var server = ServerProcess.Launch(home);

        Assert.Equal(2, await server.ExitedAsync());

        Assert.Equal([$"hephaestus: host.grpc.socket: another program listens on {home.Socket}"], server.Troubles);
        Assert.True(File.Exists(home.Socket));
    }

    [StraceFact]
    public async Task It_is_closed_to_others_until_it_has_mode_and_group_and_only_then_listens()
    {
        await using var home = new ServerHome("host.grpc.socket.mode = 0666", $"host.grpc.socket.group = {OwnGroup}");
        var trace = Path.Combine(home.Directory, "trace");
        await using var server = await home.StartByAsync(
            $"exec /usr/bin/strace -f --seccomp-bpf -y -o {trace} -e trace=fchmod,bind,chown,chmod,fchmodat,fchownat,listen \"$@\"");
        Assert.Equal(0, await server.StopAsync());

        var calls = (await File.ReadAllLinesAsync(trace))
            .Where(call => !call.Contains("resumed>", StringComparison.Ordinal)).ToArray();
        var bound = Array.FindIndex(calls, call => call.Contains(" bind(", StringComparison.Ordinal) && call.Contains(home.Socket, StringComparison.Ordinal));
        var descriptor = calls[bound].Split("bind(")[1].Split('<')[0];
        int[] order =
        [
            Array.FindIndex(calls, call => call.Contains($" fchmod({descriptor}<", StringComparison.Ordinal) && call.Contains("0600", StringComparison.Ordinal)),
            bound,
            Array.FindIndex(calls, bound, call => call.Contains("chown", StringComparison.Ordinal)),
            Array.FindIndex(calls, bound, call => call.Contains("chmod", StringComparison.Ordinal) && call.Contains("0666", StringComparison.Ordinal)),
            Array.FindIndex(calls, bound, call => call.Contains($" listen({descriptor}<", StringComparison.Ordinal)),
        ];
        Assert.True(order.All(index => index >= 0) && order.SequenceEqual(order.Order()), string.Join('\n', calls));
    }

    [Fact]
    public async Task A_caller_is_the_user_that_connected()
    {
        await using var home = WithStep();
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");

        Assert.Contains(Accepted, await CallByCurl.CancelAsync(id, "http://localhost", "", "--unix-socket", home.Socket));

        Assert.Equal($"uid:{Environment.UserName}, the local socket", (await client.EndedAsync(id)).CancelledBy);
    }

    [RootFact]
    public async Task Another_user_is_told_apart_and_kept_out_by_the_mode()
    {
        await using var home = WithStep("host.grpc.socket.mode = 0660", $"host.grpc.socket.group = {OtherUserFactAttribute.User}");
        File.SetUnixFileMode(home.Directory, (UnixFileMode)0b111_001_001);
        await using var server = await home.StartAsync();
        using var client = new ServerClient(server);
        var id = await client.ExecuteAsync("set", "p");

        var outside = await CallByCurl.CancelAsync(id, "http://localhost", Nobody, "--unix-socket", home.Socket);
        var member = await CallByCurl.CancelAsync(
            id, "http://localhost", $"setpriv --reuid 65534 --regid 65534 --groups {OtherUserFactAttribute.User}", "--unix-socket", home.Socket);

        Assert.Empty(outside);
        Assert.Contains(Accepted, member);
        Assert.Equal("uid:nobody, the local socket", (await client.EndedAsync(id)).CancelledBy);
    }

    [RootFact]
    public async Task A_group_that_the_servers_user_is_not_in_is_told_at_the_start()
    {
        await using var home = new ServerHome("host.grpc.socket.group = 0");
        File.SetUnixFileMode(home.Directory, (UnixFileMode)0b111_111_111);
        var start = new ProcessStartInfo("/bin/bash", ["-c", $"{Nobody} \"$0\" \"$1\" 2>&1", Programs.Server, home.Configuration]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync().DefaultTimeout();
        await process.WaitForExitAsync().DefaultTimeout();

        // Where that user may not run the built programs, there is nothing to see.
        Assert.True(
            process.ExitCode is 126 or 127
            || said.Contains($"host.grpc.socket: {home.Socket} (mode 0660, group 0) cannot be used: {home.Socket}: Operation not permitted", StringComparison.Ordinal),
            said);
    }

    [Fact]
    public async Task The_kernel_tells_user_and_groups_of_who_connected()
    {
        using var folder = new TemporaryFolder();

        var peer = await PeerAsync(folder, "");

        uint[] groups = [.. Libc.Groups(), OwnGroup];
        Assert.Equal($"uid:{Environment.UserName}", peer.Proof.Name);
        Assert.Equal(new Principal.User(Libc.User()), peer.Proof.Principals[0]);
        Assert.Equal(
            groups.Distinct().Order(),
            peer.Proof.Principals.Skip(1).Select(principal => Assert.IsType<Principal.Group>(principal).Id).Order());
    }

    [RootFact]
    public async Task However_many_groups_there_are_all_are_told_and_a_user_without_a_name_by_number()
    {
        using var folder = new TemporaryFolder();
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_001_001);
        var groups = Enumerable.Range(1, 3000).ToArray();

        var peer = await PeerAsync(folder, $"setpriv --reuid {OtherUserFactAttribute.User} --regid 7 --groups {string.Join(',', groups)}");

        Assert.Equal($"uid:{OtherUserFactAttribute.User}", peer.Proof.Name);
        Assert.Equal(
            groups.Select(group => new Principal.Group((uint)group)).Order(Comparer<Principal.Group>.Create((one, other) => one.Id.CompareTo(other.Id))),
            peer.Proof.Principals.Skip(1).Cast<Principal.Group>().OrderBy(group => group.Id));
    }

    [Fact]
    public async Task No_other_connection_has_a_local_peer()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((System.Net.IPEndPoint)listener.LocalEndpoint).DefaultTimeout();
        using var accepted = await listener.AcceptSocketAsync().DefaultTimeout();

        Assert.Null(LocalPeer.Of(accepted, new UserNames(TimeProvider.System)));
    }

    private static uint OwnGroup { get; } = Id("-g");

    private static uint Id(string option)
    {
        using var process = Process.Start(new ProcessStartInfo("id", [option]) { RedirectStandardOutput = true })!;
        return uint.Parse(process.StandardOutput.ReadToEnd());
    }

    private static async Task<LocalPeer> PeerAsync(TemporaryFolder folder, string before)
    {
        var path = folder.At("peer.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        File.SetUnixFileMode(path, (UnixFileMode)0b110_110_110);
        listener.Listen();
        using var curl = Process.Start("/bin/bash", ["-c", $"{before} curl --silent --max-time 60 --unix-socket \"$0\" http://localhost/", path]);
        using var accepted = await listener.AcceptAsync().DefaultTimeout();
        var peer = LocalPeer.Of(accepted, new UserNames(TimeProvider.System));
        accepted.Close();
        await curl.WaitForExitAsync().DefaultTimeout();
        Assert.NotNull(peer);
        return peer;
    }

    private static ServerHome WithStep(params string[] configuration)
    {
        var home = new ServerHome(configuration);
        home.Plan("set", "p", "<plan id=\"x\"></plan>\n<step name=\"s\">\nsleep 600\n</step>\n");
        return home;
    }
}
