using System.CommandLine;
using System.CommandLine.Help;
using Hephaestus.Cli.Connection;

namespace Hephaestus.Cli.CommandLine;

/// <summary>Options of every command, accepted before it and after it.</summary>
internal sealed class CommonOptions
{
    public Option<string?> Hostname { get; } = new("--hostname", "-H")
    {
        Recursive = true,
        HelpName = "HOSTNAME",
        Description =
            """
            Where it should connect; may be left out where HEPHAESTUS_HOST is set
            Allowed formats:
            - <protocol>://<hostname>:<port>, for example http://127.0.0.1:3041
            - cfg://<definition-name>, for example cfg://atihome: address, certificates,
              name and token are those that the configuration file gives to it
            - unix://<path>, for example unix:///run/hephaestus.sock
            """,
    };

    public Option<string> Config { get; } = new("--config", "-c")
    {
        Recursive = true,
        HelpName = "CONFIG",
        DefaultValueFactory = _ => ClientConfiguration.DefaultFile,
        Description = $"Config file for connection details [default: {ClientConfiguration.DefaultFile}]",
    };

    public Option<bool> Verbose { get; } = new("--verbose", "-v")
    {
        Recursive = true,
        Description = "Show more detail about connection",
    };

    public HelpOption Help { get; } = new("--help", "-h") { Description = "Print help information" };

    public Option<bool> Json { get; } = new("--json")
    {
        Recursive = true,
        Description =
            """
            Print JSON: one document, or one a line for what is followed or watched;
            fields have the names of hephaestus.proto
            """,
    };

    public VersionOption Version { get; } = new("--version", "-V") { Description = "Print version" };

    /// <summary>In the order of the help.</summary>
    public IEnumerable<Option> All => [Hostname, Config, Verbose, Help, Json, Version];

    /// <summary>Where the user wants to connect.</summary>
    /// <exception cref="UsageException">It is not said, or cannot be used.</exception>
    public Destination Destination(ParseResult line, Action<string> warn) =>
        Destinations.Of(line.GetValue(Hostname), line.GetValue(Config)!, ClientEnvironment.Current, warn);
}
