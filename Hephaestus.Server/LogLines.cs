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
        Write(logEntry.Formatter(logEntry.State, logEntry.Exception), textWriter);
        if (logEntry.Exception is { } fault)
        {
            textWriter.Write(' ');
            Write(fault.ToString(), textWriter);
        }

        textWriter.Write('\n');
    }

    private static void Write(string text, TextWriter to)
    {
        foreach (var letter in text)
        {
            switch (letter)
            {
                case '\n' or '\u2028' or '\u2029':
                    to.Write(' ');
                    break;
                case var control when char.IsControl(control):
                    to.Write(string.Create(CultureInfo.InvariantCulture, $"\\x{(int)control:x2}"));
                    break;
                default:
                    to.Write(letter);
                    break;
            }
        }
    }

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
