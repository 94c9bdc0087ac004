using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hephaestus.Protocol.Configuration;

namespace Hephaestus.Cli.CommandLine;

/// <summary>Options that several commands share.</summary>
internal static class VerbOptions
{
    public static Option<uint> Id() => new("--id")
    {
        Required = true,
        HelpName = "ID",
        Description = "Id of the execution, as exec and plans show it",
        CustomParser = result => (uint)Number(result, "an id", uint.MaxValue),
    };

    /// <summary>An execution's id that may be left out.</summary>
    public static Option<uint?> OptionalId(string description) => new("--id")
    {
        HelpName = "ID",
        Description = description,
        CustomParser = result => (uint)Number(result, "an id", uint.MaxValue),
    };

    public static Option<string> Set(bool required = true) =>
        new("--set") { Required = required, HelpName = "SET", Description = "Name of the plan set" };

    /// <summary>Variables for the plan's commands, NAME=VALUE each.</summary>
    public static Option<KeyValuePair<string, string>[]> Parameters() => new("--param")
    {
        HelpName = "NAME=VALUE",
        Description = "Set a variable that the plan names in its params; may be repeated",
        CustomParser = Parameters,
    };

    private static KeyValuePair<string, string>[] Parameters(ArgumentResult result)
    {
        var parameters = result.Tokens.Select(token => Parameter(result, token.Value)).ToArray();
        if (parameters.GroupBy(given => given.Key).FirstOrDefault(named => named.Count() > 1) is { Key: { } twice })
        {
            result.AddError($"the parameter {twice} is given twice");
        }

        return parameters;
    }

    private static KeyValuePair<string, string> Parameter(ArgumentResult result, string text)
    {
        if (text.Split('=', 2) is [{ Length: > 0 } name, var value])
        {
            return KeyValuePair.Create(name, value);
        }

        result.AddError($"'{text}' is no parameter: it must be NAME=VALUE");
        return default;
    }

    /// <summary>An ended execution to go on from.</summary>
    public static Option<uint?> Resume() => new("--resume")
    {
        HelpName = "ID",
        Description =
            """
            Run the plan of an ended execution again, as it was then, on from the first step that did
            not end OK; without --set and --name
            """,
        CustomParser = result => (uint)Number(result, "an id", uint.MaxValue),
    };

    public static Option<string> Name(bool required = true) => new("--name") { Required = required, HelpName = "NAME", Description = "Name of the plan" };

    /// <summary>A whole number from <paramref name="least"/> on; null: not given.</summary>
    public static Option<ulong?> Count(string name, string helpName, ulong least, string description) => new(name)
    {
        HelpName = helpName,
        Description = description,
        CustomParser = result => Number(result, helpName, long.MaxValue, least),
    };

    public static Option<TimeSpan?> RetryFor() => new("--retry-for")
    {
        HelpName = "DURATION",
        Description =
            """
            How long to try again when the connection breaks: a number with s, m or h
            [default: for ever]
            """,
        CustomParser = Duration,
    };

    private static ulong Number(ArgumentResult result, string what, ulong most, ulong least = 1)
    {
        var text = result.Tokens[0].Value;
        var isNumber = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        if (isNumber && number >= least && number <= most)
        {
            return number;
        }

        result.AddError($"'{text}' is not {what}: it must be a whole number from {least} to {most}");
        return least;
    }

    private static TimeSpan? Duration(ArgumentResult result)
    {
        if (DurationText.TryParse(result.Tokens[0].Value, out var duration))
        {
            return duration;
        }

        result.AddError($"'{result.Tokens[0].Value}' is no duration: it must be {DurationText.Allowed}");
        return null;
    }
}
