using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Hephaestus.Cli.Output;
using Hephaestus.Cli.Verbs;
using Hephaestus.Protocol;
using Hephaestus.Protocol.Configuration;

namespace Hephaestus.Cli.CommandLine;

/// <summary>The whole command line.</summary>
internal static class Root
{
    // A name that begins with '@' is a name.
    private static readonly ParserConfiguration s_parsing = new() { ResponseFileTokenReplacer = null };

    // Signals are taken by Interruption, which tells SIGINT from SIGTERM.
    private static readonly InvocationConfiguration s_invocation = new()
    {
        EnableDefaultExceptionHandler = false,
        ProcessTerminationTimeout = null,
    };

    /// <summary>Reads the command line and does what it says; the exit code.</summary>
    public static async Task<int> RunAsync(string[] arguments, Screen screen, CancellationToken cancellation)
    {
        var line = Build(screen).Parse(arguments, s_parsing);
        return line.Errors.Count > 0 && line.Action is null or ParseErrorAction
            ? Unusable(line, screen)
            : await line.InvokeAsync(s_invocation, cancellation);
    }

    /// <summary>The commands in the order of the help: the first Hephaestus's, then the new ones.</summary>
    public static RootCommand Build(Screen screen)
    {
        var common = new CommonOptions();
        var surroundings = new Surroundings(common, screen);
        var root = new RootCommand("Runs plans on a Hephaestus server and shows what they do");
        root.Directives.Clear();
        root.Options.Clear();
        common.Help.Action = new ShowHelp(screen, common);
        common.Version.Action = new ShowVersion(screen);
        foreach (var option in common.All)
        {
            root.Options.Add(option);
        }

        foreach (var command in Commands(surroundings))
        {
            root.Subcommands.Add(command);
        }

        return root;
    }

    private static IEnumerable<Command> Commands(Surroundings surroundings) =>
    [
        new ListPlanSets(surroundings),
        new ListPlans(surroundings),
        new ListPlan(surroundings),
        new Plans(surroundings),
        new Status(surroundings),
        new Exec(surroundings),
        new DumpHistory(surroundings),
        new DumpAllHistory(surroundings),
        new HelpVerb(surroundings),
        new Cancel(surroundings),
        new Watch(surroundings),
        new Drain(surroundings),
        new Verbs.Hermes(surroundings),
        new Audit(surroundings),
    ];

    private static int Unusable(ParseResult line, Screen screen)
    {
        var command = line.CommandResult.Command;
        // A word that is no command is also said to be missing.
        var errors = line.UnmatchedTokens.Count > 0
            ? line.UnmatchedTokens.Select(word => Unknown(word, command))
            : line.Errors.Select(error => error.Message.TrimEnd('.'));
        foreach (var error in errors)
        {
            screen.Say(error);
        }

        screen.Say($"see: hephaestus-cli help{(command is RootCommand ? "" : $" {command.Name}")}");
        return ExitCodes.Usage;
    }

    private static string Unknown(string word, Command command)
    {
        var known = command.Subcommands.Select(known => known.Name).Concat(command.Options.Select(option => option.Name));
        var nearest = NearestName.Of(word, known);
        return $"'{word}' is unknown here{(nearest is null ? "" : $"; did you mean {nearest}?")}";
    }

    private sealed class ShowHelp(Screen screen, CommonOptions common) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            screen.WriteText(HelpText.Of(parseResult.CommandResult.Command, common));
            return ExitCodes.Done;
        }
    }

    private sealed class ShowVersion(Screen screen) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            screen.WriteLine($"hephaestus-cli {typeof(Root).Assembly.GetName().Version?.ToString(3)}");
            return ExitCodes.Done;
        }
    }
}
