using System.Buffers;
using System.Net.Sockets;
using Google.Protobuf;
using Hephaestus.Server.Supervision;
using Hephaestus.Server.Supervision.Protocol;
using Hephaestus.Tests.Chaos;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Fuzz.Areas;

/// <summary>Requests to the supervisor, as the server's own user can make them. Keys are such that no step of the server has them.</summary>
internal sealed class SupervisorArea() : Area("supervisor", 500)
{
    private const uint FirstKey = 900_000_000;

    /// <summary>Of the supervisor, when it had been asked a batch.</summary>
    private Holding? _first;

    public override byte[] Make(Dice dice) =>
        [.. Enumerable.Range(0, dice.Between(1, 4)).SelectMany(_ => Frame(dice))];

    public override async Task<IReadOnlyList<Failure>> ThrowAsync(IReadOnlyList<Input> inputs, Ground ground, CancellationToken patience)
    {
        var home = ground.Plain.Home;
        var before = Remnants.SupervisorOf(home);
        List<Failure> failures = [.. await EachAsync(inputs, 1, patience, (input, late) => AskAsync(home, input.Bytes, late))];
        if (Remnants.SupervisorOf(home) is var now && (now != before || now == 0))
        {
            failures.Add(new Failure($"the supervisor was {before} and is {now}", inputs));
            return failures;
        }

        if (Holding.Of(now) is var holding && _first is not null && holding.Beyond(_first) is { } grown)
        {
            failures.Add(new Failure($"the supervisor: {grown}", inputs));
        }

        _first ??= holding;
        return failures;
    }

    private static async Task<string?> AskAsync(ServerHome home, byte[] bytes, CancellationToken late)
    {
        using var socket = await SupervisorSocket.ConnectAsync(home.State, late);
        if (socket is null)
        {
            return "nobody answers at the supervisor's socket";
        }

        await using var stream = new NetworkStream(socket);
        using var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync(bytes, late);
            socket.Shutdown(SocketShutdown.Send);
            await stream.CopyToAsync(answer, late);
        }
        catch (Exception closed) when (closed is IOException or SocketException)
        {
            // It hangs up on what is no message.
        }

        return Unreadable(new ReadOnlySequence<byte>(answer.ToArray()));
    }

    private static string? Unreadable(ReadOnlySequence<byte> answer)
    {
        try
        {
            while (Frames.TryRead(ref answer, Reply.Parser, out _))
            {
            }

            return null;
        }
        catch (Exception wrong) when (wrong is IOException or InvalidProtocolBufferException)
        {
            return $"the supervisor's answer is none: {wrong.Message}";
        }
    }

    private static byte[] Frame(Dice dice)
    {
        var message = Request(dice).ToByteArray();
        message = dice.Between(0, 3) switch { 0 => Fields.Change(dice, message), 1 => Mutation.Of(dice, message), _ => message };
        var said = dice.Percent(85) ? message.Length : dice.Pick(0, 1, -1, int.MinValue, int.MaxValue, Frames.Largest, Frames.Largest + 1, message.Length + 1);
        return dice.Percent(4) ? Mutation.Noise(dice, 60) : [.. BitConverter.GetBytes(said), .. message];
    }

    /// <summary>
    /// What it starts cannot be: the FIFOs are missing. The paths are relative, so that what is left of one after it was
    /// changed names nothing beyond the server's directory.
    /// </summary>
    private static Request Request(Dice dice)
    {
        var key = dice.Percent(85) ? new Key { Execution = FirstKey + (uint)dice.Between(0, 999), Step = 1, Attempt = 1 } : null;
        var request = new Request { Id = (ulong)dice.Between(0, 9) };
        switch (dice.Between(0, 4))
        {
            case 0:
                request.List = new List { Protocols = new Protocols { Oldest = 1, Newest = (uint)dice.Between(0, 5) } };
                break;
            case 1:
                request.Drained = new Drained { Key = key };
                break;
            case 2:
                request.Hold = new Hold { Key = key, OutFifo = "nowhere/out", ErrFifo = "nowhere/err" };
                break;
            case 3:
                request.Start = new Start
                {
                    Key = key,
                    OutFifo = "nowhere/out",
                    ErrFifo = "nowhere/err",
                    StatusFile = "nowhere/status",
                    ServerDirectory = "nowhere",
                    Command = { "/bin/true" },
                    Environment = { "A=b" },
                    User = dice.Percent(30) ? new User { Uid = 1, Gid = 1, Groups = { 1, 2 } } : null,
                };
                break;
        }

        return request;
    }
}
