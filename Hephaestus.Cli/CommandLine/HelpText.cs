using System.CommandLine;
using System.Text;

namespace Hephaestus.Cli.CommandLine;

/// <summary>The help of a command.</summary>
internal static class HelpText
{
    private const string Program = "hephaestus-cli";

    private const string ExitCodes =
        """
        Exit codes:
          0    Done; a plan that was followed or waited for ended OK
          1    Standard output cannot be written, or this program has a fault
          2    The command line, the configuration or the address is unusable
          3    A plan that was followed or waited for did not end OK
          4    The server refused the request or cannot be reached; a dry run found errors
          130  Interrupted (Ctrl+C); what was followed goes on
          141  Nobody reads standard output any more
          143  Terminated (SIGTERM); what was followed goes on

        Output is for people on a terminal and for programs elsewhere: names and ids bare, the bytes of a log as they
        are. Colours are left out when NO_COLOR is set.
        """;

    private const string Environment =
        """
        Environment variables:
          HEPHAESTUS_HOST     Where it should connect, when --hostname is left out: any address that --hostname takes
          HEPHAESTUS_TOKEN    The token that shows the server who you are, instead of the configuration file's; it is
                              sent only with TLS, to this machine itself, or through a socket
        """;

    /// <summary>All of it, in lines that end.</summary>
    public static string Of(Command command, CommonOptions common) =>
        command is RootCommand ? OfProgram(command, common) : OfCommand(command, common);

    private static string OfProgram(Command root, CommonOptions common) =>
        $"""
        {root.Description}

        Usage: {Program} [OPTIONS] --hostname <HOSTNAME> <COMMAND>

        Commands:
        {List(root.Subcommands.Select(command => (command.Name, FirstLine(command))))}

        Options:
        {List(common.All.Select(Entry))}

        {Environment}

        {ExitCodes}

        """;

    private static string OfCommand(Command command, CommonOptions common)
    {
        var own = command.Options.Where(option => !option.Hidden).ToArray();
        var needed = string.Concat(own.Where(option => option.Required).Select(option => $" {option.Name} <{option.HelpName}>"));
        var arguments = string.Concat(command.Arguments.Select(argument => $" [{argument.HelpName}]"));
        var where = arguments.Length == 0 ? " --hostname <HOSTNAME>" : "";
        return $"""
            {command.Description}

            Usage: {Program} {command.Name} [OPTIONS]{where}{needed}{arguments}

            Options:
            {List(own.Concat(common.All).Where(option => option != common.Version).Select(Entry))}

            """;
    }

    private static (string Term, string Text) Entry(Option option) => (Term(option), option.Description ?? "");

    private static string Term(Option option)
    {
        var brief = option.Aliases.FirstOrDefault(alias => alias.Length == 2) is { } alias ? $"{alias}, " : "    ";
        return $"{brief}{option.Name}{(option.HelpName is { } value ? $" <{value}>" : "")}";
    }

    private static string FirstLine(Command command) => (command.Description ?? "").Split('\n')[0];

    private static string List(IEnumerable<(string Term, string Text)> entries)
    {
        var list = entries.ToArray();
        var width = list.Max(entry => entry.Term.Length) + 4;
        var text = new StringBuilder();
        foreach (var (term, description) in list)
        {
            var lines = description.ReplaceLineEndings("\n").Split('\n');
            text.Append($"  {term}".PadRight(width)).Append(lines[0]).Append('\n');
            foreach (var line in lines[1..])
            {
                text.Append(' ', width).Append(line).Append('\n');
            }
        }

        return text.ToString().TrimEnd('\n');
    }
}
