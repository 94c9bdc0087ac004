using Hephaestus.Protocol.Configuration;

namespace Hephaestus.Cli.Connection;

/// <summary>What <c>client.conf</c> says of the servers that <c>cfg://NAME</c> stands for.</summary>
internal sealed class ClientConfiguration
{
    /// <summary>Where it lies when the command line does not say otherwise.</summary>
    public const string DefaultFile = "/etc/olympus/hephaestus/client.conf";

    private const string Prefix = "node.";
    private const string AddressSuffix = ".address";
    private static readonly string[] s_parts = ["address", "ca_cert", "domain", "cert", "key", "token_file"];

    private readonly string _file;
    private readonly Configuration _configuration;
    private readonly Action<string> _warn;

    private ClientConfiguration(string file, Configuration configuration, Action<string> warn) =>
        (_file, _configuration, _warn) = (file, configuration, warn);

    /// <summary>Reads a file with all that it includes.</summary>
    /// <param name="warn">Is told of keys of the wanted server that mean nothing.</param>
    /// <exception cref="UsageException">It cannot be read, or a line of it means nothing.</exception>
    public static ClientConfiguration Read(string file, Action<string> warn)
    {
        var configuration = ConfigurationFile.Read(file);
        return configuration.Problems.Length == 0
            ? new ClientConfiguration(file, configuration, warn)
            : throw new UsageException(string.Join('\n', configuration.Problems));
    }

    /// <summary>The server of a name.</summary>
    /// <param name="own">Another token than that of the file; null: that of the file, if it has one.</param>
    /// <exception cref="UsageException">There is none, or what is said of it cannot be used.</exception>
    public Destination Find(string name, Token? own = null)
    {
        if (_configuration.Find(Key(name, "address")) is not { } address)
        {
            throw new UsageException(Missing(name));
        }

        WarnOfUnknown(name);
        var destination = Secured(name, Destined($"cfg://{name}", address));
        return own is null ? WithTokenFile(name, destination) : destination.Showing(own);
    }

    private static Destination Destined(string text, ConfigurationEntry address) =>
        At(address, () => Destination.Parse(address.Value) with { Text = $"{address.Value} ({text})" });

    /// <summary>What a use of an entry gives.</summary>
    /// <exception cref="UsageException">It cannot be used; the entry's place is said.</exception>
    private static T At<T>(ConfigurationEntry entry, Func<T> use)
    {
        try
        {
            return use();
        }
        catch (UsageException unusable)
        {
            throw new UsageException(entry.Error(unusable.Message).ToString());
        }
    }

    private Destination Secured(string name, Destination destination)
    {
        var certificate = CertificateOf(name, destination);
        return !destination.IsSecure ? destination : WithDomain(destination, _configuration.Find(Key(name, "domain"))) with
        {
            Authority = _configuration.Find(Key(name, "ca_cert"))?.Value,
            Credentials = new Credentials(Certificate: certificate),
        };
    }

    private ClientCertificate? CertificateOf(string name, Destination destination)
    {
        switch (_configuration.Find(Key(name, "cert")), _configuration.Find(Key(name, "key")))
        {
            case (null, null):
                return null;
            case ({ } alone, null):
                throw new UsageException(alone.Error($"needs {Key(name, "key")} as well, the file with its private key").ToString());
            case (null, { } alone):
                throw new UsageException(alone.Error($"needs {Key(name, "cert")} as well, the file with its certificate").ToString());
            case ({ } certificate, _) when !destination.IsSecure:
                _warn(certificate.Warning("not shown: only https:// addresses have certificates").ToString());
                return null;
            case ({ } certificate, { } key):
                WarnOfReaders(key);
                return ClientCertificate.Read(certificate, key, _warn);
        }
    }

    private Destination WithTokenFile(string name, Destination destination)
    {
        if (_configuration.Find(Key(name, "token_file")) is not { } file)
        {
            return destination;
        }

        WarnOfReaders(file);
        return At(file, () => destination.Showing(Token.In(file.Value)));
    }

    private void WarnOfReaders(ConfigurationEntry secret)
    {
        if (File.Exists(secret.Value) && File.GetUnixFileMode(secret.Value).HasFlag(UnixFileMode.OtherRead))
        {
            _warn(secret.Warning($"everybody can read {secret.Value}; right is: chmod o-r {secret.Value}").ToString());
        }
    }

    private static Destination WithDomain(Destination destination, ConfigurationEntry? domain)
    {
        try
        {
            return domain is null ? destination : destination.Named(domain.Value);
        }
        catch (Exception unusable) when (unusable is UriFormatException or ArgumentException)
        {
            throw new UsageException(domain!.Error($"'{domain.Value}' is no host name").ToString());
        }
    }

    private string Missing(string name)
    {
        var names = Names().ToArray();
        return names.Length == 0
            ? $"{_file} defines no server; a line of it should be {Key(name, "address")} = http://HOST:PORT"
            : $"{_file} defines no server '{name}'; it defines {string.Join(", ", names)}";
    }

    private IEnumerable<string> Names() => _configuration.Entries
        .Select(entry => entry.Key)
        .Where(key => key.StartsWith(Prefix, StringComparison.Ordinal) && key.EndsWith(AddressSuffix, StringComparison.Ordinal))
        .Where(key => key.Length > Prefix.Length + AddressSuffix.Length)
        .Select(key => key[Prefix.Length..^AddressSuffix.Length])
        .Distinct()
        .Order(StringComparer.Ordinal);

    private void WarnOfUnknown(string name)
    {
        var known = s_parts.Select(part => Key(name, part)).ToArray();
        var others = Names()
            .Where(other => other.StartsWith(name + ".", StringComparison.Ordinal))
            .Select(other => Key(other, ""))
            .ToArray();
        bool IsKnown(string key) => !key.StartsWith(Key(name, ""), StringComparison.Ordinal)
            || known.Contains(key)
            || others.Any(other => key.StartsWith(other, StringComparison.Ordinal));
        foreach (var problem in _configuration.UnknownKeys(IsKnown, known))
        {
            _warn(problem.ToString());
        }
    }

    private static string Key(string name, string part) => $"{Prefix}{name}.{part}";
}
