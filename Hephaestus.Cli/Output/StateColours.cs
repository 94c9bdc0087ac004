using Hephaestus.Protocol;

namespace Hephaestus.Cli.Output;

/// <summary>Colours of states, as parameters of an SGR sequence.</summary>
internal static class StateColours
{
    /// <summary>Of a state's word; empty: none.</summary>
    public static string Of(string word) => word switch
    {
        _ when word == StateWords.Of(State.Ok) => "32",
        _ when word == StateWords.Of(State.Nok) || word == StateWords.Of(State.Failed) || word == StateWords.Of(State.Lost) => "31",
        _ when word == StateWords.Of(State.Cancelled) => "33",
        _ when word == StateWords.Of(State.Running) => "36",
        _ => "",
    };
}
