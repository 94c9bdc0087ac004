namespace Hephaestus.Server.Plans;

/// <summary>What is wrong with a plan's text, and where.</summary>
/// <param name="Line">From 1; 0: the file as a whole.</param>
/// <param name="Column">From 1, in characters; 0: the line as a whole.</param>
internal sealed record Diagnostic(Severity Severity, int Line, int Column, string Message)
{
    /// <summary>The form that compilers and editors know: <c>file:line:column: message</c>.</summary>
    public string Format(string file) => (Line, Column) switch
    {
        (0, _) => $"{file}: {Message}",
        (_, 0) => $"{file}:{Line}: {Message}",
        _ => $"{file}:{Line}:{Column}: {Message}",
    };
}

/// <summary>Whether a plan with this diagnostic may run.</summary>
internal enum Severity
{
    /// <summary>It may; whoever looks at it is told.</summary>
    Warning,

    /// <summary>It must not.</summary>
    Error,
}
