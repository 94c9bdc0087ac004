namespace Hephaestus.Cli.Connection;

/// <summary>What the environment says of the server to ask. An empty variable counts as none.</summary>
internal sealed class ClientEnvironment
{
    public const string HostVariable = "HEPHAESTUS_HOST";

    public const string TokenVariable = "HEPHAESTUS_TOKEN";

    /// <summary>This process's.</summary>
    public static ClientEnvironment Current { get; } = new() { Host = Find(HostVariable), Token = Find(TokenVariable) };

    /// <summary>An address, where the command line has none.</summary>
    public string? Host { get; private init; }

    /// <summary>The token itself. This is no record, whose text would tell it.</summary>
    public string? Token { get; private init; }

    private static string? Find(string variable) =>
        Environment.GetEnvironmentVariable(variable)?.Trim() is { Length: > 0 } value ? value : null;
}
