namespace Grpc.Core;

/// <summary>Whether a channel is encrypted; certificates are the HTTP handler's matter.</summary>
public abstract class ChannelCredentials
{
    /// <summary>Clear text.</summary>
    public static ChannelCredentials Insecure { get; } = new InsecureCredentials();

    /// <summary>TLS.</summary>
    public static ChannelCredentials SecureSsl { get; } = new SecureCredentials();

    private sealed class InsecureCredentials : ChannelCredentials;

    private sealed class SecureCredentials : ChannelCredentials;
}
