using System.Text.Encodings.Web;
using System.Text.Json;

namespace Hephaestus.Cli.Output;

/// <summary>How JSON is laid out.</summary>
internal static class Json
{
    // No web page is near: what is not ASCII stays readable.
    private static readonly JavaScriptEncoder s_readable = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>One document, for people and programs.</summary>
    public static JsonWriterOptions Document { get; } = new() { Indented = true, Encoder = s_readable };

    /// <summary>One document a line; the writer is used for one after another.</summary>
    public static JsonWriterOptions Lines { get; } = new() { Encoder = s_readable, SkipValidation = true };

    /// <summary>Writes one document.</summary>
    public static void WriteDocument(this Screen screen, Action<Utf8JsonWriter> write)
    {
        using (var json = new Utf8JsonWriter(screen, Document))
        {
            write(json);
        }

        screen.WriteLine("");
    }

    /// <summary>Writes an object into a line of its own.</summary>
    public static void WriteLine(this Screen screen, Action<Utf8JsonWriter> writeFields)
    {
        using (var json = new Utf8JsonWriter(screen, Lines))
        {
            json.WriteStartObject();
            writeFields(json);
            json.WriteEndObject();
        }

        screen.WriteLine("");
    }
}
