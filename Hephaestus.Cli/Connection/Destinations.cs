namespace Hephaestus.Cli.Connection;

/// <summary>Finds out where the user wants to connect, and as whom.</summary>
internal static class Destinations
{
    private const string Definition = "cfg://";

    /// <summary>The server that the command line names, or else the environment.</summary>
    /// <param name="hostname">Of the command line.</param>
    /// <param name="configuration">The file with the names for <c>cfg://</c>, read where it is needed.</param>
    /// <exception cref="UsageException">It is not said, or cannot be used.</exception>
    public static Destination Of(string? hostname, string configuration, ClientEnvironment environment, Action<string> warn)
    {
        var token = environment.Token is { } value ? Token.Of(ClientEnvironment.TokenVariable, value) : null;
        var text = string.IsNullOrEmpty(hostname) ? environment.Host : hostname;
        if (text is null)
        {
            throw new UsageException(
                "--hostname is missing: where is the server? for example --hostname http://127.0.0.1:3041, "
                + $"or {ClientEnvironment.HostVariable}=http://127.0.0.1:3041");
        }

        if (text.StartsWith(Definition, StringComparison.OrdinalIgnoreCase))
        {
            return ClientConfiguration.Read(configuration, warn).Find(text[Definition.Length..].TrimEnd('/'), token);
        }

        var destination = string.IsNullOrEmpty(hostname) ? OfEnvironment(text) : Destination.Parse(text);
        return token is null ? destination : destination.Showing(token);
    }

    private static Destination OfEnvironment(string text)
    {
        try
        {
            return Destination.Parse(text);
        }
        catch (UsageException unusable)
        {
            throw new UsageException($"{ClientEnvironment.HostVariable}: {unusable.Message}");
        }
    }
}
