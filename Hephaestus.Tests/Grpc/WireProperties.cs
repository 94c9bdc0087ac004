using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Wire;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Grpc;

/// <summary>The parts of the wire format, for any input.</summary>
public sealed class WireProperties
{
    private static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(500);

    private static readonly Marshaller<byte[]> s_bytes = Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes);

    [Fact]
    public void A_status_text_comes_back_as_it_was_sent() => Prop.ForAll(Texts(), text =>
    {
        var encoded = PercentEncoding.Encode(text);
        Assert.DoesNotContain(encoded, character => character is < ' ' or > '~');
        Assert.Equal(text, PercentEncoding.Decode(encoded));
    }).Check(s_config);

    [Fact]
    public void Any_status_text_can_be_read() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), text => Assert.NotNull(PercentEncoding.Decode(text.Get)))
            .Check(s_config);

    [Theory]
    [InlineData("100%", "100%")]
    [InlineData("%4", "%4")]
    [InlineData("%zz%41", "%zzA")]
    [InlineData("%25%2541", "%%41")]
    public void What_is_no_escape_stays(string encoded, string text) => Assert.Equal(text, PercentEncoding.Decode(encoded));

    [Fact]
    public void A_deadline_never_comes_early_and_hardly_late() => Prop.ForAll(Spans(), span =>
    {
        var text = GrpcTimeout.Format(span);
        Assert.InRange(text.Length, 2, 9);
        Assert.True(GrpcTimeout.TryParse(text, out var read));
        Assert.InRange(read - span, TimeSpan.Zero, TimeSpan.FromTicks((span.Ticks / 90_000) + 10));
    }).Check(s_config);

    [Fact]
    public void Any_deadline_is_read_or_refused() => Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), text =>
    {
        if (GrpcTimeout.TryParse(text.Get, out var span))
        {
            Assert.True(span >= TimeSpan.Zero);
        }
    }).Check(s_config);

    [Fact]
    public void Messages_come_whole_however_the_stream_is_cut() =>
        Prop.ForAll(Messages(), Cuts(), Gen.Elements(true, false).ToArbitrary(), (messages, cut, compressed) =>
        {
            var stream = messages.SelectMany(message => Framed(message, compressed)).ToArray();
            var read = ReadAll(Cut(stream, cut));
            Assert.Equal(messages, read);
        }).Check(s_config);

    [Fact]
    public void A_stream_that_breaks_off_is_an_error_or_ends_between_messages() =>
        Prop.ForAll(Messages(), Gen.Choose(0, 100).ToArbitrary(), (messages, percent) =>
        {
            var stream = messages.SelectMany(message => Framed(message, compressed: false)).ToArray();
            var ends = messages.Aggregate(new List<int> { 0 }, (ends, message) => [.. ends, ends[^1] + message.Length + 5]);
            var kept = stream.Length * percent / 100;
            if (ends.Contains(kept))
            {
                Assert.Equal(ends.IndexOf(kept), ReadAll([stream[..kept]]).Count);
            }
            else
            {
                Assert.Equal(StatusCode.Internal, Assert.Throws<RpcException>(() => ReadAll([stream[..kept]])).StatusCode);
            }
        }).Check(s_config);

    [Fact]
    public void Any_bytes_are_messages_or_an_error_with_a_status() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
        {
            try
            {
                ReadAll([bytes]);
            }
            catch (RpcException refusal)
            {
                Assert.NotEqual(StatusCode.OK, refusal.StatusCode);
            }
        }).Check(s_config);

    private static List<byte[]> ReadAll(IReadOnlyList<byte[]> pieces)
    {
        var reader = new MessageReader(PipeReader.Create(Sequence(pieces)), "gzip", limit: 1000);
        var all = new List<byte[]>();
        Task<byte[]?> NextAsync() => reader.ReadAsync(s_bytes, CancellationToken.None).AsTask().DefaultTimeout();
        while (NextAsync().GetAwaiter().GetResult() is { } message)
        {
            all.Add(message);
        }

        return all;
    }

    private static byte[] Framed(byte[] message, bool compressed)
    {
        using var frame = Frame.Of(s_bytes, message, limit: null, compressed ? CompressionLevel.Fastest : null);
        return frame.Bytes.ToArray();
    }

    private static List<byte[]> Cut(byte[] stream, int[] sizes)
    {
        var pieces = new List<byte[]>();
        var position = 0;
        foreach (var size in sizes.TakeWhile(_ => position < stream.Length))
        {
            pieces.Add(stream[position..Math.Min(position + size, stream.Length)]);
            position = Math.Min(position + size, stream.Length);
        }

        return [.. pieces, stream[position..]];
    }

    private static ReadOnlySequence<byte> Sequence(IReadOnlyList<byte[]> pieces)
    {
        var first = new Segment(pieces[0], null);
        var last = pieces.Skip(1).Aggregate(first, (before, piece) => new Segment(piece, before));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private static Arbitrary<string> Texts() => ArbMap.Default.GeneratorFor<NonNull<string>>()
        .Select(text => string.Concat(text.Get.Where(character => !char.IsSurrogate(character))) + "😀%")
        .ToArbitrary();

    private static Arbitrary<TimeSpan> Spans() => Gen.OneOf(Gen.Choose(1, int.MaxValue), Gen.Choose(1, 10_000))
        .SelectMany(_ => Gen.Elements(1L, 1000L, 1_000_000L), (value, factor) => TimeSpan.FromTicks(value * factor))
        .ToArbitrary();

    private static Arbitrary<byte[][]> Messages() =>
        Gen.Choose(0, 300).SelectMany(length => ArbMap.Default.GeneratorFor<byte>().ArrayOf(length)).ArrayOf().ToArbitrary();

    private static Arbitrary<int[]> Cuts() => Gen.Choose(1, 40).ArrayOf().ToArbitrary();

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? before)
        {
            Memory = bytes;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
