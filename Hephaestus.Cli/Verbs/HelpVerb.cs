using System.CommandLine;
using Hephaestus.Cli.CommandLine;
using Hephaestus.Cli.Connection;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Verbs;

/// <summary>The help of the program, or of one command.</summary>
internal sealed class HelpVerb : Command
{
    private readonly Argument<string?> _command = new("command")
    {
        HelpName = "COMMAND",
        Arity = ArgumentArity.ZeroOrOne,
        Description = "The command that help is wanted for",
    };

    public HelpVerb(Surroundings surroundings)
        : base("help", "Print this message or the help of the given command")
    {
        Arguments.Add(_command);
        SetAction(line =>
        {
            surroundings.Screen.WriteText(HelpText.Of(Wanted(line), surroundings.Common));
            return ExitCodes.Done;
        });
    }

    private Command Wanted(ParseResult line)
    {
        var root = line.RootCommandResult.Command;
        return line.GetValue(_command) is { } name
            ? root.Subcommands.FirstOrDefault(command => command.Name == name) ?? throw new UsageException(
                $"there is no command '{name}'; there are {string.Join(", ", root.Subcommands.Select(command => command.Name))}")
            : root;
    }
}
