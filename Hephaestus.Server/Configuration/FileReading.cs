using System.Collections.Immutable;

namespace Hephaestus.Server.Configuration;

/// <summary>What reading files gave: a value, or why not.</summary>
/// <param name="Value">Null: the files cannot be used.</param>
/// <param name="Fault">A line for the operator; null: there is a value.</param>
/// <param name="Warnings">Lines for the operator.</param>
internal sealed record FileReading<T>(T? Value, string? Fault, ImmutableArray<string> Warnings)
    where T : class;
