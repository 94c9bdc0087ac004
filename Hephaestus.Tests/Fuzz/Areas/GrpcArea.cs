using System.IO.Compression;
using Hephaestus.Tests.Chaos;

namespace Hephaestus.Tests.Fuzz.Areas;

/// <summary>What goes round a message: length, flag, compression, headers of the call, trailers where there should be none.</summary>
internal sealed class GrpcArea() : CallArea("grpc")
{
    public override byte[] Make(Dice dice)
    {
        var path = dice.Percent(90) ? dice.Pick<string>(CallFields.Paths) : dice.Pick("/", "/a", "/a/b", "/hephaestus.Hephaestus/Nothing", "/a/b/c", "/%00/%0a", "*");
        var (encoding, body) = Body(dice);
        List<(string Name, string Value)> fields =
        [
            .. CallFields.Of(path)[..5],
            .. CallFields.Of(dice, path)[5..].Where(field => Sendable(field.Name)),
        ];
        if (encoding is not null)
        {
            fields.Add(("grpc-encoding", encoding));
        }

        return Call(fields.Select(field => (field.Name, Printable(field.Value))), body, dice.Percent(3) ? [("x-trailer", "y")] : null);
    }

    private static (string? Encoding, byte[] Body) Body(Dice dice) => dice.Between(0, 9) switch
    {
        0 => (null, Framed([], (byte)dice.Between(0, 255))),
        1 => (null, [0, (byte)dice.Between(0, 255), (byte)dice.Between(0, 255), 0, 0]),
        2 => (null, [.. Framed([]), .. Framed([])]),
        3 => (null, Mutation.Noise(dice, 40)),
        4 => (dice.Pick("gzip", "deflate", "identity", "snappy"), Framed(Mutation.Noise(dice, 60), 1)),
        5 => ("gzip", Framed(Gzip(new byte[dice.Pick(10, 5000, 5_000_000)]), 1)),
        6 => ("gzip", Framed(Mutation.Of(dice, Gzip([10, 5, .. "known"u8])), 1)),
        7 => (null, []),
        8 => ("gzip", Framed(Gzip(Gzip(new byte[100_000])), 1)),
        _ => (null, Framed([10, 5, .. "known"u8])),
    };

    /// <summary>HTTP/2 itself refuses others, which is another area's matter.</summary>
    private static bool Sendable(string name) =>
        name.Length is > 0 and < 100
        && name is not ("connection" or "transfer-encoding" or "content-length" or ":protocol" or "expect")
        && name.All(letter => letter is >= 'a' and <= 'z' or '-');

    private static string Printable(string value) => new([.. value.Take(200).Where(letter => letter is >= ' ' and <= '~')]);

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }
}
