using System.Buffers;
using System.Collections.Concurrent;
using System.Net.Sockets;
using Google.Protobuf;
using Hephaestus.Server.Supervision.Protocol;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// One connection to a supervisor, on the server's side. At most one request for each step waits on it. A thread of its own
/// reads: every step waits for two of its messages, and what the runtime does for all sockets is a thread more to be woken.
/// </summary>
internal sealed class SupervisorLink : IAsyncDisposable
{
    private const int ReadBytes = 64 * 1024;

    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<Reply?>> _asked = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Socket _socket;
    private readonly Action<Attempt> _exited;
    private ulong _lastId;

    /// <param name="exited">Called, one at a time, for each attempt that ends from now on.</param>
    public SupervisorLink(Socket socket, Action<Attempt> exited)
    {
        (_socket, _exited) = (socket, exited);
        new Thread(Read) { IsBackground = true, Name = "supervisor" }.Start();
    }

    /// <summary>All that a supervisor holds, and what it says of itself.</summary>
    public static Request List => new() { List = new List { Protocols = ProtocolRange.OfThisProgram.ToMessage() } };

    /// <summary>Who is on the other side; set by whoever has asked first.</summary>
    public SupervisorIdentity Supervisor { get; set; } = new(0, "", null, false);

    /// <summary>Completes when the supervisor has gone, or this was disposed; nothing is answered any more.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Asks, and numbers the request for it; null: the connection broke, and whether the supervisor has heard it is not known.</summary>
    public async Task<Reply?> AskAsync(Request request, CancellationToken cancellation)
    {
        var answer = new TaskCompletionSource<Reply?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var id = Interlocked.Increment(ref _lastId);
        _asked[id] = answer;
        try
        {
            request.Id = id;
            await SendAsync(Frames.Encode(request), cancellation);
            return Closed.IsCompleted ? null : await answer.Task.WaitAsync(cancellation);
        }
        catch (Exception broken) when (broken is SocketException or ObjectDisposedException)
        {
            return null;
        }
        finally
        {
            _asked.TryRemove(id, out _);
        }
    }

    /// <summary>As <see cref="AskAsync"/>, with <see cref="List"/>.</summary>
    public Task<Reply?> ListAsync(CancellationToken cancellation) => AskAsync(List, cancellation);

    public async ValueTask DisposeAsync()
    {
        try
        {
            // The thread that waits on it wakes up.
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // The other side was faster, or it was let go of before.
        }

        await Closed;
        _socket.Dispose();
        _turn.Dispose();
    }

    private async Task SendAsync(byte[] frame, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            // Not with the token: half a frame would be the end of the connection.
            for (var sent = 0; sent < frame.Length;)
            {
                sent += await _socket.SendAsync(frame.AsMemory(sent), CancellationToken.None);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Read()
    {
        try
        {
            var received = new ArrayBufferWriter<byte>(ReadBytes);
            while (_socket.Poll(Timeout.Infinite, SelectMode.SelectRead) && _socket.Receive(received.GetSpan(ReadBytes)) is > 0 and var count)
            {
                received.Advance(count);
                Take(received);
            }
        }
        catch (Exception broken) when (broken is IOException or SocketException or ObjectDisposedException or InvalidProtocolBufferException)
        {
            // Whoever owns the link connects again.
        }
        finally
        {
            _closed.SetResult();
            foreach (var answer in _asked.Values)
            {
                answer.TrySetResult(null);
            }
        }
    }

    /// <summary>Takes all whole messages; a part of one stays.</summary>
    private void Take(ArrayBufferWriter<byte> received)
    {
        var buffer = new ReadOnlySequence<byte>(received.WrittenMemory);
        while (Frames.TryRead(ref buffer, Reply.Parser, out var reply))
        {
            Take(reply!);
        }

        var rest = buffer.ToArray();
        received.ResetWrittenCount();
        received.Write(rest);
    }

    private void Take(Reply reply)
    {
        if (reply.ReplyCase == Reply.ReplyOneofCase.Exited)
        {
            _exited(reply.Exited);
        }
        else if (_asked.TryGetValue(reply.Id, out var answer))
        {
            answer.TrySetResult(reply);
        }
    }
}
