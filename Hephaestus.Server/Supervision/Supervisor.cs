using System.Net.Sockets;
using System.Text;
using Hephaestus.Server.Supervision.Protocol;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// The supervisor: a process of its own, one per state directory, that is the parent of all steps, so that these and
/// their exit statuses outlive the server. It knows no plans and never touches output. A thread waits for children, one
/// for servers, and one serves each that is connected. It ends when it has no attempt and no server.
/// </summary>
internal sealed class Supervisor
{
    /// <summary>What it prints when it can be connected to.</summary>
    public const string Ready = "ready";

    /// <summary>Servers connected at once: the one that has the state directory, and one whose end is not noticed yet.</summary>
    private const int MostServers = 4;

    /// <summary>So long the first server may take; and so often it is looked whether there is still a state directory.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(60);

    /// <summary>While a child is made, this process has few descriptors: what cannot be accepted then waits a little.</summary>
    private static readonly TimeSpan s_acceptPause = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private readonly List<ServedConnection> _servers = [];
    private readonly HeldAttempts _attempts = new();
    private readonly SupervisorSocket _socket;

    private Supervisor(SupervisorSocket socket) => _socket = socket;

    /// <summary>Runs until nothing needs it any more; the exit code.</summary>
    public static int Run(string stateDirectory)
    {
        Libc.Default(Libc.SIGCHLD);
        Libc.Ignore(Libc.SIGHUP);
        Libc.Ignore(Libc.SIGINT);
        Libc.Ignore(Libc.SIGTERM);
        Libc.KeepDescriptors();
        Libc.BecomeSubreaper();
        try
        {
            using var socket = SupervisorSocket.Listen(stateDirectory);
            new Supervisor(socket).Run();
            return 0;
        }
        catch (IOException fault)
        {
            // Another one is there, as a rule: whoever started this one connects to that.
            using var log = Libc.Borrow(2);
            Libc.Write(log, Encoding.UTF8.GetBytes($"{DateTimeOffset.Now:u} {fault.Message}\n"));
            return 1;
        }
    }

    private void Run()
    {
        new Thread(Reap) { IsBackground = true, Name = "reaper" }.Start();
        new Thread(Spawn) { IsBackground = true, Name = "spawner" }.Start();
        Announce();
        using var look = new Timer(_ => EndIfIdle(), null, s_look, s_look);
        while (true)
        {
            if (_socket.Accept() is { } server)
            {
                Serve(server);
            }
            else
            {
                Thread.Sleep(s_acceptPause);
            }
        }
    }

    /// <summary>Whoever started this process reads its output up to here.</summary>
    private static void Announce()
    {
        using var output = Libc.Borrow(1);
        Libc.Write(output, Encoding.ASCII.GetBytes(Ready + "\n"));
        using var nowhere = Libc.Open("/dev/null", Libc.O_WRONLY);
        Libc.Duplicate(nowhere, 1);
    }

    private void Serve(Socket socket)
    {
        var connection = new ServedConnection(socket, Answer);
        lock (_gate)
        {
            if (_servers.Count == MostServers)
            {
                connection.Dispose();
                return;
            }

            _servers.Add(connection);
        }

        new Thread(() => Serve(connection)) { IsBackground = true, Name = "server" }.Start();
    }

    private void Serve(ServedConnection connection)
    {
        connection.Run();
        connection.Dispose();
        lock (_gate)
        {
            _servers.Remove(connection);
        }

        EndIfIdle();
    }

    private void Answer(ServedConnection server, Request request, Action<Reply> answer)
    {
        switch (request.RequestCase)
        {
            case Request.RequestOneofCase.List:
                server.Speaks = ProtocolRange.Of(request.List);
                answer(new Reply { Attempts = _attempts.List() });
                break;
            case not Request.RequestOneofCase.None when !NamesAttempt(request):
                answer(new Reply { Refused = new Refused { Reason = "the request names no attempt" } });
                break;
            case Request.RequestOneofCase.Start when ProtocolRange.OfThisProgram.Common(server.Speaks) is null:
                answer(new Reply { NotStarted = new NotStarted { Reason = Foreign(server) } });
                break;
            case Request.RequestOneofCase.Start:
                _attempts.Ask(request.Start, answer);
                break;
            case Request.RequestOneofCase.Drained:
                answer(_attempts.Release(request.Drained.Key));
                break;
            case Request.RequestOneofCase.Hold:
                answer(_attempts.Inherit(request.Hold));
                break;
            default:
                answer(new Reply { Refused = new Refused { Reason = $"{Own} does not know the request" } });
                break;
        }
    }

    private static bool NamesAttempt(Request request) =>
        (request.Start?.Key ?? request.Drained?.Key ?? request.Hold?.Key) is not null;

    private static string Foreign(ServedConnection server) =>
        $"{Own} speaks {ProtocolRange.OfThisProgram} of its protocol, the server {server.Speaks}; "
        + "start the server of its version again";

    private static string Own => $"the supervisor {Environment.ProcessId} of version {CommandLine.ProgramVersion}";

    private void Spawn()
    {
        while (true)
        {
            _attempts.SpawnNext();
            EndIfIdle();
        }
    }

    /// <summary>Waits for any child: a step's own process is recorded, an orphan that came here is only reaped.</summary>
    private void Reap()
    {
        while (true)
        {
            _attempts.WaitForChildren();
            while (Libc.NextExit() is { } exit)
            {
                var ended = _attempts.Record(exit);
                CrashPoint.Reach("supervisor-recorded");
                Libc.Reap(exit.Pid);
                if (ended is not null)
                {
                    Tell(ended);
                }
            }
        }
    }

    private void Tell(Attempt ended)
    {
        ServedConnection[] servers;
        lock (_gate)
        {
            servers = [.. _servers];
        }

        foreach (var server in servers)
        {
            server.Send(new Reply { Exited = ended });
        }
    }

    private void EndIfIdle()
    {
        lock (_gate)
        {
            // Without its directory no server will ever come for what has ended.
            if (_servers.Count == 0 && (_attempts.AreNone || (!_socket.IsThere && !_attempts.AnyRuns)))
            {
                CrashPoint.Reach("supervisor-ending");

                // Only its name: closing the socket would make the thread that accepts fail before this process ends.
                _socket.Unlink();
                Libc.Exit(0);
            }
        }
    }
}
