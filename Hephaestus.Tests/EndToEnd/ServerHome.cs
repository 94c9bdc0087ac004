using Hephaestus.Server.Supervision;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>A directory with plans, configuration and state for servers of one test; removed with all that is in it.</summary>
internal sealed class ServerHome : IAsyncDisposable
{
    private readonly List<ServerProcess> _servers = [];

    public ServerHome(params string[] configuration)
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("hephaestus-").FullName;
        Plans = Path.Combine(Directory, "plans");
        State = Path.Combine(Directory, "state");
        Dumps = Path.Combine(Directory, "dumps");
        Socket = Path.Combine(Directory, "server.sock");
        Configuration = Path.Combine(Directory, "main.conf");
        System.IO.Directory.CreateDirectory(Plans);
        File.WriteAllLines(Configuration,
        [
            "host.grpc.address = 127.0.0.1:0",
            $"host.grpc.socket = {Socket}",
            $"host.state_dir = {State}",
            $"plan.rule_dir = {Plans}",
            $"plan.rule_log = {Dumps}",
            .. configuration,
        ]);
    }

    public string Directory { get; }

    public string Plans { get; }

    public string State { get; private set; }

    public string Dumps { get; }

    public string Socket { get; }

    public string Configuration { get; }

    /// <summary>Before the first start: another place for the state.</summary>
    public void MoveState(string directory)
    {
        File.AppendAllLines(Configuration, [$"host.state_dir = {directory}"]);
        State = directory;
    }

    /// <summary>The directory of an execution's log.</summary>
    public string Log(uint id) => Path.Combine(State, "executions", $"{id}");

    /// <summary>Writes a plan, before the server starts or while it runs.</summary>
    public string Plan(string set, string name, string text)
    {
        var directory = System.IO.Directory.CreateDirectory(Path.Combine(Plans, set)).FullName;
        var file = Path.Combine(directory, name + ".conf");
        File.WriteAllText(file + ".tmp", text);
        File.Move(file + ".tmp", file, overwrite: true);
        return file;
    }

    /// <summary>Where the FIFOs and status files of attempts are that are not settled.</summary>
    public string Running => Path.Combine(State, "running");

    /// <summary>Completes when every attempt is settled.</summary>
    public Task SettledAsync() => FilesAsync(files => files.Length == 0);

    /// <summary>Completes when the supervisor has recorded how every attempt ended that is not settled.</summary>
    public Task RecordedAsync() => FilesAsync(files => files.Where(file => file.EndsWith(".status", StringComparison.Ordinal))
        .All(file => StatusFile.Read(file) is { Exit: not null }));

    /// <summary>Completes when the files of attempts are as wanted.</summary>
    private async Task FilesAsync(Predicate<string[]> wanted)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(Running);
        watcher.Deleted += (_, _) => Look();
        watcher.Changed += (_, _) => Look();
        watcher.EnableRaisingEvents = true;
        Look();
        await done.Task.DefaultTimeout();

        void Look()
        {
            if (wanted([.. System.IO.Directory.EnumerateFiles(Running)]))
            {
                done.TrySetResult();
            }
        }
    }

    public async Task<ServerProcess> StartAsync(params (string Name, string Value)[] environment)
    {
        var server = await ServerProcess.StartAsync(this, environment);
        _servers.Add(server);
        return server;
    }

    /// <summary>Starts a server by a bash script, which finds the program and its arguments in "$@" and is its parent.</summary>
    public async Task<ServerProcess> StartByAsync(string script)
    {
        var server = ServerProcess.LaunchBy(this, script);
        _servers.Add(server);
        Assert.True(await server.IsReadyAsync(), server.Said);
        return server;
    }

    /// <summary>The server that was launched last, also if it has ended.</summary>
    public ServerProcess Last => _servers[^1];

    /// <summary>Null: it ended before it listened.</summary>
    public async Task<ServerProcess?> TryStartAsync(params (string Name, string Value)[] environment)
    {
        var server = ServerProcess.Launch(this, environment);
        _servers.Add(server);
        return await server.IsReadyAsync() ? server : null;
    }

    /// <summary>Ends the servers, then everything that their supervisor still holds, and proves that it is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        await Remnants.EndAsync(this);
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
