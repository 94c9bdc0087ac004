using Hephaestus.Protocol.Configuration;

namespace Hephaestus.Cli.Connection;

/// <summary>What <c>client.conf</c> says of the servers that <c>cfg://NAME</c> stands for.</summary>
internal sealed class ClientConfiguration
{
    /// <summary>Where it lies when the command line does not say otherwise.</summary>
    public const string DefaultFile = "/etc/olympus/hephaestus/client.conf";

    private const string Prefix = "node.";
    private const string AddressSuffix = ".address";
    private static readonly string[] s_parts = ["address", "ca_cert", "domain"];

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
    /// <exception cref="UsageException">There is none, or what is said of it cannot be used.</exception>
    public Destination Find(string name)
    {
        if (_configuration.Find(Key(name, "address")) is not { } address)
        {
            throw new UsageException(Missing(name));
        }

        WarnOfUnknown(name);
        var destination = Destined($"cfg://{name}", address);
        if (!destination.IsSecure)
        {
            return destination;
        }

        return WithDomain(destination, _configuration.Find(Key(name, "domain"))) with
        {
            Authority = _configuration.Find(Key(name, "ca_cert"))?.Value,
        };
    }

    private static Destination Destined(string text, ConfigurationEntry address)
    {
        try
        {
            return Destination.Parse(address.Value) with { Text = $"{address.Value} ({text})" };
        }
        catch (UsageException unusable)
        {
            throw new UsageException(address.Error(unusable.Message).ToString());
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
