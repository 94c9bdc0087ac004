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

    public static Option<string> Set() =>
        new("--set") { Required = true, HelpName = "SET", Description = "Name of the plan set" };

    public static Option<string> Name() => new("--name") { Required = true, HelpName = "NAME", Description = "Name of the plan" };

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
