using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using Google.Protobuf;
using Hephaestus.Server.Supervision.Protocol;

namespace Hephaestus.Server.Supervision;

/// <summary>One connection to a supervisor, on the server's side. At most one request for each step waits on it.</summary>
internal sealed class SupervisorLink : IAsyncDisposable
{
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<Reply>> _asked = new();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly NetworkStream _stream;
    private readonly Action<Attempt> _exited;
    private ulong _lastId;

    /// <param name="exited">Called, one at a time, for each attempt that ends from now on.</param>
    public SupervisorLink(Socket socket, Action<Attempt> exited)
    {
        _stream = new NetworkStream(socket, ownsSocket: true);
        _exited = exited;
        Closed = ReadAsync();
    }

    /// <summary>All that a supervisor holds, and what it says of itself.</summary>
    public static Request List { get; } = new() { List = new List { Protocols = ProtocolRange.OfThisProgram.ToMessage() } };

    /// <summary>Who is on the other side; set by whoever has asked first.</summary>
    public SupervisorIdentity Supervisor { get; set; } = new(0, "", null, false);

    /// <summary>Completes when the supervisor has gone, or this was disposed; nothing is answered any more.</summary>
    public Task Closed { get; }

    /// <summary>Asks; null: the connection broke, and whether the supervisor has heard it is not known.</summary>
    public async Task<Reply?> AskAsync(Request request, CancellationToken cancellation)
    {
        var answer = new TaskCompletionSource<Reply>(TaskCreationOptions.RunContinuationsAsynchronously);
        var id = Interlocked.Increment(ref _lastId);
        _asked[id] = answer;
        try
        {
            var framed = request.Clone();
            framed.Id = id;
            await SendAsync(Frames.Encode(framed), cancellation);
            await Task.WhenAny(answer.Task, Closed).WaitAsync(cancellation);
            return answer.Task.IsCompletedSuccessfully ? await answer.Task : null;
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException)
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
        await _stream.DisposeAsync();
        await Closed;
        _turn.Dispose();
    }

    private async Task SendAsync(byte[] frame, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            // Not with the token: half a frame would be the end of the connection.
            await _stream.WriteAsync(frame, CancellationToken.None);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task ReadAsync()
    {
        var reader = PipeReader.Create(_stream, new StreamPipeReaderOptions(leaveOpen: true));
        try
        {
            while (await reader.ReadAsync() is { IsCompleted: false, Buffer: var buffer })
            {
                while (Frames.TryRead(ref buffer, Reply.Parser, out var reply))
                {
                    Take(reply!);
                }

                reader.AdvanceTo(buffer.Start, buffer.End);
            }
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException or InvalidProtocolBufferException)
        {
            // Whoever owns the link connects again.
        }
        finally
        {
            await reader.CompleteAsync();
        }
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
