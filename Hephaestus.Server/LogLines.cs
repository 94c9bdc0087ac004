using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Hephaestus.Server;

/// <summary>
/// The server's own log: one line for each entry whatever is in it, as <c>warn: Category[0] text</c>. What came from outside
/// can neither begin a line that looks like another entry nor steer a terminal.
/// </summary>
internal sealed class LogLines() : ConsoleFormatter(FormatName)
{
    public const string FormatName = "lines";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        textWriter.Write(string.Create(CultureInfo.InvariantCulture, $"{Word(logEntry.LogLevel)}: {logEntry.Category}[{logEntry.EventId.Id}] "));
        textWriter.Write(Plain(logEntry.Formatter(logEntry.State, logEntry.Exception)));
        if (logEntry.Exception is { } fault)
        {
            textWriter.Write(' ');
            textWriter.Write(Plain(fault.ToString()));
        }

        textWriter.Write('\n');
    }

    /// <summary>One line, with nothing in it that steers a terminal; tabs stay.</summary>
    public static string Plain(string text) => text.Any(IsSpecial) ? string.Concat(text.Select(Shown)) : text;

    private static bool IsSpecial(char letter) => (char.IsControl(letter) && letter != '\t') || letter is '\u2028' or '\u2029';

    private static string Shown(char letter) =>
        !IsSpecial(letter) ? $"{letter}"
        : letter is '\n' or '\u2028' or '\u2029' ? " "
        : string.Create(CultureInfo.InvariantCulture, $"\\x{(int)letter:x2}");

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Critical => "crit",
        LogLevel.Error => "fail",
        LogLevel.Warning => "warn",
        LogLevel.Information => "info",
        LogLevel.Debug => "dbug",
        _ => "trce",
    };
}
