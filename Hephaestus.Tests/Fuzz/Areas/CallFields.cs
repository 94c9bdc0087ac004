using System.Text;
using Hephaestus.Tests.Chaos;

namespace Hephaestus.Tests.Fuzz.Areas;

/// <summary>The header fields of calls.</summary>
internal static class CallFields
{
    /// <summary>All that the server answers, as paths.</summary>
    public static string[] Paths { get; } =
    [
        .. new[]
        {
            Protocol.Hephaestus.Descriptor,
            Protocol.Standard.HealthV1.Health.Descriptor,
            Protocol.Standard.ReflectionV1.ServerReflection.Descriptor,
            Protocol.Standard.ReflectionV1Alpha.ServerReflection.Descriptor,
        }.SelectMany(service => service.Methods.Select(method => $"/{service.FullName}/{method.Name}")),
    ];

    public static (string Name, string Value)[] Of(string path) =>
    [
        (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
        ("te", "trailers"), ("content-type", "application/grpc"),
    ];

    /// <summary>Those of a call, perhaps with a strange one more, one less, or another value.</summary>
    public static (string Name, string Value)[] Of(Dice dice, string path)
    {
        var fields = Of(path);
        if (dice.Percent(60))
        {
            return fields;
        }

        var at = dice.Between(0, fields.Length - 1);
        var text = Encoding.Latin1.GetString(Mutation.Text(dice));
        return dice.Between(0, 4) switch
        {
            0 => [.. fields[..at], .. fields[(at + 1)..]],
            1 => [.. fields[..at], (fields[at].Name, text), .. fields[(at + 1)..]],
            2 => [.. fields, (text, "x")],
            3 => [.. fields, fields[^1]],
            _ => [.. fields, Extra(dice, text)],
        };
    }

    private static (string Name, string Value) Extra(Dice dice, string text) => (
        dice.Pick(
            "grpc-timeout", "grpc-encoding", "grpc-accept-encoding", "authorization", "x-data-bin", "content-length", "cookie",
            "transfer-encoding", "connection", ":protocol", "grpc-status", "user-agent", "x-request-id", "expect"),
        dice.Pick(text, "0", "-1", "1n", "99999999H", "gzip", "identity", "Bearer x.y", "AAEC", "100", "18446744073709551616", "100-continue"));
}
