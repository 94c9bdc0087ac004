using Hephaestus.Server.Configuration;

namespace Hephaestus.Server.Access;

/// <summary>What the server proves itself with, and what it proves callers by; each read again when its files change.</summary>
/// <param name="Certificate">Null: without TLS.</param>
/// <param name="Authority">Null: clients are asked for no certificate.</param>
internal sealed record Credentials(
    LiveFiles<TokenList> Tokens, LiveFiles<ServerCertificate>? Certificate, LiveFiles<ClientAuthority>? Authority) : IDisposable
{
    /// <summary>The state directory is written to all the time: only that another file takes a place there counts.</summary>
    private const NotifyFilters Replaced = NotifyFilters.FileName;

    private const NotifyFilters Written = NotifyFilters.FileName | NotifyFilters.LastWrite | NotifyFilters.Security;

    /// <summary>Called when callers may prove less, or more, than before; on the thread that looks at the files.</summary>
    public Action Changed
    {
        set
        {
            Tokens.Changed = value;
            Authority?.Changed = value;
        }
    }

    /// <summary>Reads all of them.</summary>
    /// <exception cref="IOException">The certificate, its key or the authority cannot be used.</exception>
    public static Credentials Open(ServerSettings settings, Looks looks)
    {
        var tokens = new LiveFiles<TokenList>(
            new LookedAt([settings.TokenFile], Replaced), () => TokenFile.Read(settings.TokenFile), TokenList.Empty, looks);
        return new Credentials(
            tokens,
            settings.Tls is { } tls ? Live(tls.ReadCertificate, looks, tls.Certificate, tls.Key) : null,
            settings.Tls?.ClientAuthority is { } file ? Live(() => TlsFiles.ReadAuthority(file), looks, file) : null);
    }

    public void Dispose()
    {
        Tokens.Dispose();
        Certificate?.Dispose();
        Authority?.Dispose();
    }

    private static LiveFiles<T> Live<T>(Func<FileReading<T>> read, Looks looks, params string[] files)
        where T : class, IEquatable<T>
    {
        var reading = read();
        return new LiveFiles<T>(new LookedAt(files, Written), read, reading.Value ?? throw new IOException(reading.Fault), looks);
    }
}
