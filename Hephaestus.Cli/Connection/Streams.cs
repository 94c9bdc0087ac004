using System.Runtime.CompilerServices;
using Grpc.Core;

namespace Hephaestus.Cli.Connection;

/// <summary>A streaming call that can be made again.</summary>
/// <param name="Open">Makes it, from where its caller is: every update given before has been dealt with.</param>
internal sealed record StreamCall<TUpdate>(Func<AsyncServerStreamingCall<TUpdate>> Open)
{
    /// <summary>Tells the update after which the stream ends; an end without it is a break.</summary>
    public Func<TUpdate, bool> IsLast { get; init; } = _ => false;

    /// <summary>An end without a last update is none the less an end.</summary>
    public bool EndsItself { get; init; }

    /// <summary>Whether a refusal has been dealt with, so that the call can be made again at once.</summary>
    public Func<RpcException, bool> Recover { get; init; } = _ => false;
}

/// <summary>Streams and questions that outlive their connection.</summary>
internal static class Streams
{
    /// <summary>The answer to a question that can be asked again.</summary>
    /// <exception cref="RpcException">The server refused, was never there, or has been away for too long.</exception>
    public static Task<TAnswer> AskAsync<TAnswer>(
        this Patience patience, Func<AsyncUnaryCall<TAnswer>> ask, CancellationToken cancellation) =>
        patience.AskAsync(() => ask().ResponseAsync, cancellation);

    /// <inheritdoc cref="AskAsync{TAnswer}(Patience, Func{AsyncUnaryCall{TAnswer}}, CancellationToken)"/>
    public static async Task<TAnswer> AskAsync<TAnswer>(
        this Patience patience, Func<Task<TAnswer>> ask, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var answer = await ask();
                patience.Reached();
                return answer;
            }
            catch (RpcException fault) when (!cancellation.IsCancellationRequested)
            {
                await patience.WaitAsync(fault, cancellation);
            }
        }
    }

    /// <summary>All updates of a call that is made again when it breaks.</summary>
    /// <exception cref="RpcException">The server refused, was never there, or has been away for too long.</exception>
    public static async IAsyncEnumerable<TUpdate> ReadAsync<TUpdate>(
        this Patience patience, StreamCall<TUpdate> stream, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            var heard = false;
            RpcException? fault = null;
            using (var call = stream.Open())
            {
                while ((fault = await NextAsync(call, cancellation)) is null)
                {
                    patience.Reached();
                    heard = true;
                    var update = call.ResponseStream.Current;
                    yield return update;
                    if (stream.IsLast(update))
                    {
                        yield break;
                    }
                }
            }

            if (stream.EndsItself && fault.StatusCode == StatusCode.OK)
            {
                yield break;
            }

            // The connection is well, and nothing is missed: no pause, unless it happens again and again.
            if (!(heard && fault.StatusCode == StatusCode.Aborted) && !stream.Recover(fault))
            {
                await patience.WaitAsync(fault, cancellation);
            }
        }
    }

    /// <summary>Reads the next update; null, or what ended the stream.</summary>
    private static async Task<RpcException?> NextAsync<TUpdate>(
        AsyncServerStreamingCall<TUpdate> call, CancellationToken cancellation)
    {
        try
        {
            return await call.ResponseStream.MoveNext(cancellation)
                ? null
                : new RpcException(new Status(StatusCode.OK, "the server ended the stream"));
        }
        catch (RpcException fault)
        {
            cancellation.ThrowIfCancellationRequested();
            return fault;
        }
    }
}
