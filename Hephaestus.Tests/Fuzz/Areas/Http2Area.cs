using Hephaestus.Tests.Chaos;
using Hephaestus.Tests.Fuzz.Wire;

namespace Hephaestus.Tests.Fuzz.Areas;

/// <summary>Bytes of a connection from its beginning, almost HTTP/2: over TCP, with TLS, and over the unix socket.</summary>
internal sealed class Http2Area() : Area("http2", 500)
{
    private const int AtOnce = 12;

    public override byte[] Make(Dice dice)
    {
        var frames = Enumerable.Range(0, dice.Weighed((4, 1), (4, 3), (2, 12), (1, 60))).SelectMany(i => Piece(dice, (uint)((2 * i) + 1)));
        byte[] bytes = [.. Http2Frame.Preface, .. dice.Percent(90) ? Http2Frame.PlainSettings.ToBytes() : [], .. frames];
        return dice.Percent(40) ? Mutation.Of(dice, bytes) : dice.Percent(2) ? Mutation.Noise(dice, 2000) : bytes;
    }

    public override Task<IReadOnlyList<Failure>> ThrowAsync(IReadOnlyList<Input> inputs, Ground ground, CancellationToken patience) =>
        EachAsync(inputs, AtOnce, patience, async (input, late) =>
        {
            using var connection = await RawConnection.OpenAsync(ground.AddressFor(input.Number), late);
            var answer = connection.ReadToEndAsync(late);
            await SendAsync(connection, input.Bytes, late);
            return Leaks(await answer) ? "the answer tells of the server's insides" : null;
        });

    /// <summary>The server may close at any byte.</summary>
    private static async Task SendAsync(RawConnection connection, byte[] bytes, CancellationToken late)
    {
        try
        {
            await connection.SendAsync(bytes, late);
            connection.EndSending();
        }
        catch (Exception closed) when (closed is IOException or System.Net.Sockets.SocketException)
        {
            // That is an answer.
        }
    }

    private static bool Leaks(byte[] answer) => answer.AsSpan().IndexOf("Exception"u8) >= 0 || answer.AsSpan().IndexOf("   at "u8) >= 0;

    private static byte[] Piece(Dice dice, uint stream) => dice.Weighed(
        (5, 0), (3, 1), (3, 2), (2, 3), (2, 4), (1, 5), (1, 6), (2, 7), (1, 8)) switch
    {
        0 => [.. Head(dice, stream, Http2Frame.EndHeaders), .. Body(dice, stream)],
        1 => Strange(dice, stream),
        2 => [.. Head(dice, stream, 0), .. new Http2Frame(Http2Frame.Continuation, (byte)dice.Pick(0, 4), stream, Mutation.Noise(dice, 60)).ToBytes()],
        3 => [.. Head(dice, stream, 5), .. new Http2Frame(Http2Frame.Reset, 0, stream, [0, 0, 0, (byte)dice.Between(0, 20)]).ToBytes()],
        4 => new Http2Frame(Http2Frame.WindowUpdate, 0, dice.Pick<uint>(0u, stream), [dice.Pick<byte>(0, 0x7f, 0x80), 0xff, 0xff, (byte)dice.Between(0, 255)]).ToBytes(),
        5 => [.. Enumerable.Repeat(new Http2Frame(Http2Frame.Ping, (byte)dice.Pick(0, 1), 0, new byte[8]).ToBytes(), dice.Between(1, 200)).SelectMany(ping => ping)],
        6 => [.. Enumerable.Repeat(new Http2Frame(Http2Frame.Settings, 0, 0, Settings(dice)).ToBytes(), dice.Between(1, 60)).SelectMany(settings => settings)],
        7 => [.. Head(dice, stream, 4), .. new Http2Frame(Http2Frame.Data, 9, stream, [(byte)dice.Between(0, 255), .. Mutation.Noise(dice, 30)]).ToBytes()],
        _ => [.. Enumerable.Repeat(new Http2Frame(Http2Frame.Data, 0, stream, []).ToBytes(), dice.Between(1, 100)).SelectMany(empty => empty)],
    };

    private static byte[] Head(Dice dice, uint stream, byte flags)
    {
        var block = Hpack.Encode(CallFields.Of(dice, CallFields.Paths[dice.Between(0, CallFields.Paths.Length - 1)]));
        block = dice.Between(0, 5) switch
        {
            0 => [.. block, .. Hpack.Number(5, 0x20, dice.Pick(0, 4096, 100_000, int.MaxValue))],
            1 => [.. block, .. Hpack.Number(7, 0x80, dice.Pick(0, 1, 61, 62, 1_000_000))],
            2 => [.. block, 0, 0x83, .. Mutation.Noise(dice, 6)],
            3 => Mutation.Of(dice, block),
            _ => block,
        };
        return new Http2Frame(Http2Frame.Headers, dice.Percent(90) ? flags : (byte)dice.Between(0, 255), stream, block).ToBytes();
    }

    private static byte[] Body(Dice dice, uint stream)
    {
        var frame = new Http2Frame(Http2Frame.Data, Http2Frame.EndStream, stream, [0, 0, 0, 0, 0]);
        return dice.Percent(80) ? frame.ToBytes() : frame.ToBytes(dice.Pick(0, 1, 4, 6, 16_384, 16_385, 0xffffff));
    }

    private static byte[] Strange(Dice dice, uint stream) => new Http2Frame(
        (byte)dice.Weighed((8, dice.Between(0, 9)), (1, dice.Between(0, 255))),
        (byte)dice.Between(0, 255),
        dice.Pick<uint>(0u, 1u, stream, stream + 1, 0x7fffffff, 0xffffffff),
        Mutation.Noise(dice, dice.Pick(0, 4, 5, 6, 8, 100))).ToBytes();

    private static byte[] Settings(Dice dice) =>
        [0, (byte)dice.Between(0, 9), (byte)dice.Pick(0, 0x7f, 0x80, 0xff), (byte)dice.Between(0, 255), 0xff, (byte)dice.Between(0, 255)];
}
