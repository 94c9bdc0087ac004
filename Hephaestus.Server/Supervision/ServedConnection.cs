using System.Net.Sockets;
using Hephaestus.Server.Supervision.Protocol;

namespace Hephaestus.Server.Supervision;

/// <summary>A server's connection, on the supervisor's side.</summary>
internal sealed class ServedConnection : IDisposable
{
    /// <summary>A server that does not read for so long (it is stopped, say) is disconnected; it will connect again and ask.</summary>
    private const int SendMilliseconds = 5_000;

    private readonly Lock _gate = new();
    private readonly NetworkStream _stream;
    private readonly Action<ServedConnection, Request, Action<Reply>> _answer;

    /// <param name="answer">Takes a request, and calls back with the answer, now or later.</param>
    public ServedConnection(Socket socket, Action<ServedConnection, Request, Action<Reply>> answer)
    {
        socket.SendTimeout = SendMilliseconds;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _answer = answer;
    }

    /// <summary>Versions of the protocol that the server speaks, as far as it has said.</summary>
    public ProtocolRange Speaks { get; set; } = ProtocolRange.First;

    /// <summary>Serves until the server has gone.</summary>
    public void Run()
    {
        try
        {
            while (Frames.Read(_stream, Request.Parser) is { } request)
            {
                var id = request.Id;
                _answer(this, request, reply => Answer(id, reply));
            }
        }
#pragma warning disable CA1031 // Do not catch general exception types: whatever a request is, it must not end the parent of all steps
        catch (Exception)
#pragma warning restore CA1031
        {
            // The server has gone, or what came is no request; whoever comes next asks again.
        }
    }

    /// <summary>Sends a reply, or news. What cannot be sent is asked for again over the next connection.</summary>
    public void Send(Reply reply)
    {
        lock (_gate)
        {
            try
            {
                _stream.Write(Frames.Encode(reply));
            }
            catch (Exception broken) when (broken is IOException or ObjectDisposedException)
            {
                _stream.Dispose();
            }
        }
    }

    public void Dispose()
    {
        // Not beside a write: to a stream that is half disposed that is a fault, and no longer one of the connection.
        lock (_gate)
        {
            _stream.Dispose();
        }
    }

    private void Answer(ulong id, Reply reply)
    {
        reply.Id = id;
        Send(reply);
    }
}
