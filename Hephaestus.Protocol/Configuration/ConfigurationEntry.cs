namespace Hephaestus.Protocol.Configuration;

/// <summary>A key with its value, and where it stands.</summary>
/// <param name="Value">May be empty; without the blanks round it and without its comment.</param>
/// <param name="Line">From 1.</param>
public sealed record ConfigurationEntry(string Key, string Value, string File, int Line)
{
    /// <summary>What is wrong with this entry; the user reads it as <c>file:line: key: message</c>.</summary>
    public ConfigurationProblem Error(string message) => new(File, Line, Key, message, IsError: true);

    /// <summary>What the user should know about this entry.</summary>
    public ConfigurationProblem Warning(string message) => new(File, Line, Key, message, IsError: false);
}
