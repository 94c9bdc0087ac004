namespace Hephaestus.Cli.Connection;

/// <summary>What shows a server who asks; each may be missing.</summary>
internal sealed record Credentials(Token? Token = null, ClientCertificate? Certificate = null)
{
    /// <summary>Nothing.</summary>
    public static Credentials None { get; } = new();

    /// <summary>In words, for messages; null: nothing is sent.</summary>
    public string? Text
    {
        get
        {
            var all = string.Join(" and ", new[] { Certificate?.Text, Token?.Source }.OfType<string>());
            return all.Length == 0 ? null : all;
        }
    }
}
