namespace Hephaestus.Protocol.Configuration;

/// <summary>What is wrong with a configuration, and where.</summary>
/// <param name="File">Null: no file says it (a value is missing, or a default cannot be used).</param>
/// <param name="Line">From 1; 0: the file as a whole.</param>
/// <param name="Key">Null: the line has no usable key.</param>
/// <param name="IsError">An error stops the start; a warning is only shown.</param>
public sealed record ConfigurationProblem(string? File, int Line, string? Key, string Message, bool IsError)
{
    /// <summary>The form that editors know: <c>file:line: key: what is wrong</c>.</summary>
    public override string ToString() => $"{Place}{(Key is null ? "" : Key + ": ")}{(IsError ? "" : "warning: ")}{Message}";

    private string Place => (File, Line) switch
    {
        (null, _) => "",
        (_, 0) => $"{File}: ",
        _ => $"{File}:{Line}: ",
    };
}
