using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;
using Hephaestus.Tests.Chaos;
using Hephaestus.Tests.Fuzz.Wire;

namespace Hephaestus.Tests.Fuzz.Areas;

/// <summary>Calls that are right as HTTP/2, on a connection with others; each must be answered, by a status that makes sense.</summary>
internal abstract partial class CallArea(string name) : Area(name, 1500)
{
    private const int OnConnection = 50;
    private const int AtOnce = 2;

    /// <summary>What the server takes of a stream without reading it.</summary>
    private const int MostBody = 60 * 1024;

    /// <summary>Frames of stream 1.</summary>
    protected static byte[] Call(IEnumerable<(string Name, string Value)> fields, byte[] body, IEnumerable<(string Name, string Value)>? trailers = null)
    {
        const int largest = 16 * 1024;
        var pieces = body[..Math.Min(body.Length, MostBody)].Chunk(largest).ToArray();
        IEnumerable<byte> frames = new Http2Frame(Http2Frame.Headers, Http2Frame.EndHeaders, 1, Hpack.Encode(fields)).ToBytes();
        frames = pieces.Aggregate(frames, (all, piece) => all.Concat(new Http2Frame(Http2Frame.Data, 0, 1, piece).ToBytes()));
        var last = trailers is null
            ? new Http2Frame(Http2Frame.Data, Http2Frame.EndStream, 1, [])
            : new Http2Frame(Http2Frame.Headers, Http2Frame.EndHeaders | Http2Frame.EndStream, 1, Hpack.Encode(trailers));
        return [.. frames, .. last.ToBytes()];
    }

    /// <summary>A message as gRPC frames it.</summary>
    protected static byte[] Framed(byte[] message, byte flag = 0) =>
        [flag, (byte)(message.Length >> 24), (byte)(message.Length >> 16), (byte)(message.Length >> 8), (byte)message.Length, .. message];

    public override async Task<IReadOnlyList<Failure>> ThrowAsync(IReadOnlyList<Input> inputs, Ground ground, CancellationToken patience)
    {
        var groups = inputs.Chunk(OnConnection).Select((group, at) => new Input(at, [])).ToArray();
        var wrong = new System.Collections.Concurrent.ConcurrentQueue<Failure>();
        var late = await EachAsync(groups, AtOnce, patience, async (group, token) =>
        {
            Input[] calls = [.. inputs.Skip(group.Number * OnConnection).Take(OnConnection)];
            foreach (var failure in await AskAsync(calls, ground.AddressFor(calls[0].Number / OnConnection), token))
            {
                wrong.Enqueue(failure);
            }

            return null;
        });
        return [.. wrong, .. late.Select(failure => failure with { Inputs = [.. inputs.Skip(failure.Inputs[0].Number * OnConnection).Take(OnConnection)] })];
    }

    /// <summary>What is wrong about an answer; null: nothing.</summary>
    public static string? Wrong(string? http, string? status, string message)
    {
        message = Uri.UnescapeDataString(message);
        return http is not ("200" or "400" or "404" or "405" or "415" or "426" or "431") ? $"the HTTP status is {http}"
            : http != "200" ? null
            : !int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var code) || code is 2 or > 16 ? $"the status is {status}: {message}"
            : code == 13 && !Expected().IsMatch(message) ? $"INTERNAL: {message}"
            : code == 14 && !Passing().IsMatch(message) ? $"UNAVAILABLE: {message}"
            : message.Contains("Exception", StringComparison.Ordinal) || message.Contains("   at ", StringComparison.Ordinal) ? $"it tells of the server's insides: {message}"
            : message.Any(letter => char.IsControl(letter) && letter != '\n') ? $"it holds control characters: {Uri.EscapeDataString(message)}"
            : null;
    }

    /// <summary>Of requests that are no messages.</summary>
    [GeneratedRegex("^(Message|Compressed message|Incomplete message|Stream that ended|Additional data|the request's body)")]
    private static partial Regex Expected();

    /// <summary>It drains because it was told to, or an execution was accepted a moment ago.</summary>
    [GeneratedRegex("drain|waits for space")]
    private static partial Regex Passing();

    private static async Task<List<Failure>> AskAsync(Input[] calls, string address, CancellationToken late)
    {
        var failures = new List<Failure>();
        using var connection = await RawConnection.OpenAsync(address, late);
        await connection.BeginAsync(late);
        await connection.SendAsync(
            (byte[])[
                .. new Http2Frame(Http2Frame.Settings, 0, 0, [0, 4, 0x7f, 0xff, 0xff, 0xff]).ToBytes(),
                .. new Http2Frame(Http2Frame.WindowUpdate, 0, 0, [0x3f, 0xff, 0xff, 0xff]).ToBytes()],
            late);
        var open = calls.Select((call, at) => (Stream: (uint)((2 * at) + 1), call)).ToDictionary(call => call.Stream, call => call.call);
        using var room = new SendRoom();
        var sending = SendAsync(connection, open, room, late);
        while (open.Count > 0)
        {
            var read = await connection.ReadAsync(late);
            if (read is not { } frame || frame.Type == Http2Frame.GoAway)
            {
                var why = Convert.ToHexString(read?.Payload ?? []);
                failures.Add(new Failure($"the connection was closed ({why}), though nothing was wrong with its frames", [.. open.Values]));
                break;
            }

            if (frame is { Type: Http2Frame.WindowUpdate, Stream: 0 })
            {
                room.Add(BinaryPrimitives.ReadInt32BigEndian(frame.Payload));
            }

            Take(frame, open, failures);
        }

        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return failures;
    }

    private static void Take(Http2Frame frame, Dictionary<uint, Input> open, List<Failure> failures)
    {
        if (!open.TryGetValue(frame.Stream, out var call))
        {
            return;
        }

        if (frame.Type == Http2Frame.Headers)
        {
            var fields = Hpack.Decode(frame.Payload);
            var (http, status) = (Field(":status"), Field("grpc-status"));
            if (http is not null and not "200" || status is not null)
            {
                open.Remove(frame.Stream);
                if (Wrong(http ?? "200", status, Field("grpc-message") ?? "") is { } wrong)
                {
                    failures.Add(new Failure(wrong, [call]));
                }
            }

            string? Field(string name) => fields.LastOrDefault(field => field.Name == name).Value;
        }
        else if (frame.Type is Http2Frame.Reset or Http2Frame.Data)
        {
            // A stream's first message is an answer.
            open.Remove(frame.Stream);
        }
    }

    private static async Task SendAsync(RawConnection connection, Dictionary<uint, Input> calls, SendRoom room, CancellationToken late)
    {
        foreach (var (stream, call) in calls.ToArray())
        {
            for (ReadOnlyMemory<byte> rest = call.Bytes; Http2Frame.Read(rest.Span) is var (frame, length); rest = rest[length..])
            {
                await room.TakeAsync(frame.Type == Http2Frame.Data ? frame.Payload.Length : 0, late);
                await connection.SendAsync((frame with { Stream = stream }).ToBytes(), late);
            }
        }
    }
}
