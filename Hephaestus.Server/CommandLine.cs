using System.Reflection;
using Hephaestus.Protocol;

namespace Hephaestus.Server;

/// <summary>The server's own command line, which is short: a configuration file, or none.</summary>
internal static class CommandLine
{
    /// <summary>The program's version.</summary>
    public static string ProgramVersion { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private const string Usage =
        """
        Usage: hephaestus [CONFIGURATION]
               hephaestus --check [CONFIGURATION]
               hephaestus token new|replace|remove NAME [CONFIGURATION]
               hephaestus token list [CONFIGURATION]

        Runs plans in the background and serves them by gRPC. Without a configuration file it listens on
        127.0.0.1:3041 and reads the plans in ./plans.

        Commands:
          token new      Make a token for a caller and print it, this once
          token replace  Make another in its place; the old one is refused from then on
          token remove   Refuse a token from now on
          token list     Print the names of all tokens and when they were made

        Options:
              --check    Examine the configuration, all plans and the state directory, start nothing
          -V, --version  Print version
          -h, --help     Print help information

        Exit codes: 0 stopped, or nothing found; 1 --check found errors in plans or the state directory; 2 the
        command line, the configuration, the address or the state directory is unusable.

        SIGTERM and SIGINT stop the server; running steps go on, and the next start takes them up.
        """;

    /// <summary>Runs what only prints; a full disk or a closed pipe ends it with a line.</summary>
    public static int Print(Func<int> print)
    {
        try
        {
            return print();
        }
        catch (IOException fault)
        {
            Console.Error.WriteLine($"hephaestus: standard output cannot be written: {fault.Message}");
            return ExitCodes.Usage;
        }
    }

    public static int Help()
    {
        Console.Out.WriteLine(Usage);
        return ExitCodes.Done;
    }

    public static int Version()
    {
        Console.Out.WriteLine($"hephaestus {ProgramVersion}");
        return ExitCodes.Done;
    }

    public static int Unusable(string[] arguments)
    {
        Console.Error.WriteLine($"hephaestus: unusable command line: {string.Join(' ', arguments)}");
        Console.Error.WriteLine(Usage);
        return ExitCodes.Usage;
    }
}
