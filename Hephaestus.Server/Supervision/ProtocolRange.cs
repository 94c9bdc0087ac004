using System.Globalization;
using Hephaestus.Server.Supervision.Protocol;

namespace Hephaestus.Server.Supervision;

/// <summary>Versions of the supervisor's protocol that one side speaks, both and all between them included.</summary>
internal readonly record struct ProtocolRange(uint Oldest, uint Newest)
{
    /// <summary>The version in which control groups came.</summary>
    public const uint WithCgroups = 2;

    /// <summary>What whoever says nothing speaks.</summary>
    public static ProtocolRange First { get; } = new(1, 1);

    /// <summary>
    /// The versions that this program speaks; <c>HEPHAESTUS_PROTOCOL</c> (<c>3-4</c>) stands for others in tests.
    /// </summary>
    public static ProtocolRange OfThisProgram { get; } =
        Parse(Environment.GetEnvironmentVariable("HEPHAESTUS_PROTOCOL")) ?? new ProtocolRange(1, WithCgroups);

    public static ProtocolRange Of(List asked) => asked.Protocols is { } said ? new(said.Oldest, said.Newest) : First;

    public static ProtocolRange Of(Attempts answer) =>
        new(answer.OldestProtocol == 0 ? answer.Protocol : answer.OldestProtocol, answer.Protocol);

    /// <summary>The newest that both speak; null: there is none.</summary>
    public uint? Common(ProtocolRange other) =>
        Math.Min(Newest, other.Newest) is var newest && newest >= Math.Max(Oldest, other.Oldest) ? newest : null;

    public Protocols ToMessage() => new() { Oldest = Oldest, Newest = Newest };

    /// <inheritdoc/>
    public override string ToString() => Oldest == Newest
        ? string.Create(CultureInfo.InvariantCulture, $"version {Newest}")
        : string.Create(CultureInfo.InvariantCulture, $"versions {Oldest} to {Newest}");

    private static ProtocolRange? Parse(string? text) =>
        text?.Split('-') is [var oldest, var newest] && uint.TryParse(oldest, out var from) && uint.TryParse(newest, out var to)
            ? new ProtocolRange(from, to)
            : null;
}
