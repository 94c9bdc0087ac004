using Hephaestus.Protocol;

namespace Hephaestus.Cli.Output;

/// <summary>What is wrong with a plan, in the form that editors know.</summary>
internal static class DiagnosticText
{
    /// <summary><c>file:line:column: what is wrong</c>, as far as there is a line and a column.</summary>
    public static string Text(this Diagnostic diagnostic) => diagnostic switch
    {
        { Line: 0 } => $"{diagnostic.File}: {diagnostic.Message}",
        { Column: 0 } => $"{diagnostic.File}:{diagnostic.Line}: {diagnostic.Message}",
        _ => $"{diagnostic.File}:{diagnostic.Line}:{diagnostic.Column}: {diagnostic.Message}",
    };
}
