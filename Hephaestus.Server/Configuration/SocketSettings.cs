using System.Globalization;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Configuration;

/// <summary>A unix socket where gRPC is served.</summary>
/// <param name="Path">Absolute, at most 107 bytes.</param>
/// <param name="Group">The group that its file gets; null: the server's own.</param>
internal sealed record SocketSettings(string Path, SocketMode Mode, SocketGroup? Group)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Path} (mode {Mode}{(Group is null ? "" : $", group {Group.Name}")})";
}

/// <summary>Who may connect: whoever may write to the socket's file.</summary>
/// <param name="Bits">0 to 0777 (octal).</param>
internal sealed record SocketMode(uint Bits)
{
    /// <summary>What is allowed, for error messages.</summary>
    public const string Allowed = "an octal mode from 0000 to 0777";

    /// <summary>The server's user and the group.</summary>
    public static SocketMode Default { get; } = new(0b110_110_000);

    /// <summary>Null: no mode.</summary>
    public static SocketMode? Parse(string text) => text switch
    {
        ['0', _, _, _] or [_, _, _] when text.All(digit => digit is >= '0' and <= '7') => new(Convert.ToUInt32(text, 8)),
        _ => null,
    };

    /// <inheritdoc/>
    public override string ToString() => Convert.ToString(Bits, 8).PadLeft(4, '0');
}

/// <summary>A group of this machine.</summary>
/// <param name="Name">As the configuration calls it: its name or its number.</param>
internal sealed record SocketGroup(string Name, uint Id)
{
    /// <summary>What is allowed, for error messages.</summary>
    public const string Allowed = "the name or the number of a group of this machine";

    /// <summary>Null: there is no such group.</summary>
    public static SocketGroup? Find(string text)
    {
        if (uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number != uint.MaxValue)
        {
            return new SocketGroup(text, number);
        }

        try
        {
            return Libc.FindGroup(text) is { } id ? new SocketGroup(text, id) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
