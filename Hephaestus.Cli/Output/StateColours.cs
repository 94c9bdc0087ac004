using Hephaestus.Protocol;

namespace Hephaestus.Cli.Output;

/// <summary>Colours of states, as parameters of an SGR sequence.</summary>
internal static class StateColours
{
    /// <summary>Of a state's word; empty: none.</summary>
    public static string Of(string word) => s_colours.GetValueOrDefault(word, "");

    private static readonly Dictionary<string, string> s_colours = new()
    {
        [StateWords.Of(State.Ok)] = "32",
        [StateWords.Of(State.Nok)] = "31",
        [StateWords.Of(State.Failed)] = "31",
        [StateWords.Of(State.Lost)] = "31",
        [StateWords.Of(State.Cancelled)] = "33",
        [StateWords.Of(State.Running)] = "36",
    };
}
