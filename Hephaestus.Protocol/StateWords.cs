namespace Hephaestus.Protocol;

/// <summary>The words for states that users, scripts and Hermes read; the first four are the first Hephaestus's own.</summary>
public static class StateWords
{
    /// <summary>The word of a state.</summary>
    public static string Of(State state) => state switch
    {
        State.Ok => "OK",
        State.Nok => "NOK",
        State.Failed => "Failed",
        State.DidNotRun => "Did not run",
        _ => state.ToString(),
    };
}
