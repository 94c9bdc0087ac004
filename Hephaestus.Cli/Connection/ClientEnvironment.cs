namespace Hephaestus.Cli.Connection;

/// <summary>What the environment says of the server to ask. An empty variable counts as none.</summary>
/// <param name="Host">An address, where the command line has none.</param>
/// <param name="Token">The token itself.</param>
internal sealed record ClientEnvironment(string? Host, string? Token)
{
    public const string HostVariable = "HEPHAESTUS_HOST";

    public const string TokenVariable = "HEPHAESTUS_TOKEN";

    /// <summary>This process's.</summary>
    public static ClientEnvironment Current { get; } = new(Find(HostVariable), Find(TokenVariable));

    private static string? Find(string variable) =>
        Environment.GetEnvironmentVariable(variable)?.Trim() is { Length: > 0 } value ? value : null;
}
