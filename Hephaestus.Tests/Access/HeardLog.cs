using System.Collections.Immutable;
using Hephaestus.Server.Facts;
using Hephaestus.Tests.EndToEnd;
using Microsoft.Extensions.Logging;

namespace Hephaestus.Tests.Access;

/// <summary>A log that can be waited for.</summary>
internal sealed class HeardLog : ILogger
{
    private readonly Lock _gate = new();

    public Latest<ImmutableArray<string>> Lines { get; } = new([]);

    /// <summary>Completes when a line holds this; gives that.</summary>
    public async Task<string> SaysAsync(string text)
    {
        while (true)
        {
            var (lines, version) = Lines.Current;
            if (lines.FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } found)
            {
                return found;
            }

            await Lines.NextAsync(version, CancellationToken.None).DefaultTimeout();
        }
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_gate)
        {
            Lines.Set(Lines.Value.Add(formatter(state, exception)));
        }
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;
}
