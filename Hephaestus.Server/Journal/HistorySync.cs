namespace Hephaestus.Server.Journal;

/// <summary>What a power loss may take of the history; a killed process loses nothing either way.</summary>
internal enum HistorySync
{
    /// <summary>Up to a second of events, never an accepted execution or its end.</summary>
    Normal,

    /// <summary>Nothing: each commit is synced before it is told.</summary>
    Full,
}
