using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;

namespace Hephaestus.Tests.Grpc;

/// <summary>What a test sees of the service from behind: a word when a call hangs, and when it lets go.</summary>
internal sealed class TrialState
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<string> _words = Channel.CreateBounded<string>(1000);

    /// <summary>"hung", "cancelled" and "ended", each followed by the note's text.</summary>
    public ChannelReader<string> Words => _words.Reader;

    /// <summary>Lets deaf handlers return.</summary>
    public void Release() => _released.TrySetResult();

    public async Task HangAsync(Note note, CancellationToken token)
    {
        Say("hung", note);
        try
        {
            await Task.Delay(Timeout.Infinite, token);
        }
        finally
        {
            Say("cancelled", note);
        }
    }

    public async Task BeDeafAsync(Note note)
    {
        Say("hung", note);
        await _released.Task;
        Say("ended", note);
    }

    private void Say(string word, Note note) => Assert.True(_words.Writer.TryWrite($"{word} {note.Data.ToStringUtf8()}"));
}

/// <summary>The service of trial.proto.</summary>
internal sealed class TrialService(TrialState state) : Trial.TrialBase
{
    public const string Secret = "the handler's own business";

    public override async Task<Note> Echo(Note request, ServerCallContext context)
    {
        await ObeyAsync(request, context);
        return request.Wish switch
        {
            "size" => new Note { Data = ByteString.CopyFrom(new byte[request.Count]) },
            "deadline" => new Note { Count = (uint)(context.Deadline - DateTime.UtcNow).TotalMilliseconds },
            _ => request,
        };
    }

    public override async Task Repeat(Note request, IServerStreamWriter<Note> responses, ServerCallContext context)
    {
        if (request.Wish.Length == 0 || request.Wish == "hang")
        {
            for (var i = 0; i < request.Count; i++)
            {
                await responses.WriteAsync(request, context.CancellationToken);
            }
        }

        await ObeyAsync(request, context);
    }

    public override async Task<Note> Gather(IAsyncStreamReader<Note> requests, ServerCallContext context)
    {
        var all = new Note();
        await foreach (var note in requests.ReadAllAsync(context.CancellationToken))
        {
            await ObeyAsync(note, context);
            all.Data = ByteString.CopyFrom([.. all.Data, .. note.Data]);
            all.Count++;
        }

        return all;
    }

    public override async Task Converse(
        IAsyncStreamReader<Note> requests, IServerStreamWriter<Note> responses, ServerCallContext context)
    {
        await foreach (var note in requests.ReadAllAsync(context.CancellationToken))
        {
            await ObeyAsync(note, context);
            await responses.WriteAsync(note, context.CancellationToken);
        }
    }

    private Task ObeyAsync(Note note, ServerCallContext context) => note.Wish switch
    {
        "refuse" => throw new RpcException(
            new Status((StatusCode)note.Count, note.Data.ToStringUtf8()),
            new Metadata { { "why", "as wished" }, { "why-bin", [0, 1, 2, 255] } }),
        "throw" => throw new InvalidOperationException(Secret),
        "reflect" => ReflectAsync(context),
        "hang" => state.HangAsync(note, context.CancellationToken),
        "deaf" => state.BeDeafAsync(note),
        _ => Task.CompletedTask,
    };

    private static async Task ReflectAsync(ServerCallContext context)
    {
        var sent = context.RequestHeaders.Where(entry => entry.Key.StartsWith("x-", StringComparison.Ordinal)).ToList();
        var headers = new Metadata();
        foreach (var entry in sent)
        {
            headers.Add(entry);
            context.ResponseTrailers.Add(entry.IsBinary
                ? new Metadata.Entry("trailing-" + entry.Key, entry.ValueBytes)
                : new Metadata.Entry("trailing-" + entry.Key, entry.Value));
        }

        await context.WriteResponseHeadersAsync(headers);
    }
}
