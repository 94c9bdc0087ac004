using System.Text.Json;
using Google.Protobuf;
using Hephaestus.Cli.Output;

namespace Hephaestus.Cli.Verbs;

/// <summary>Lists as JSON documents.</summary>
internal static class Lists
{
    /// <summary>An object with one array of names.</summary>
    public static void WriteNames(this Utf8JsonWriter json, string property, IEnumerable<string> names)
    {
        json.WriteStartObject();
        json.WriteStartArray(property);
        foreach (var name in names)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>An object with one array of messages.</summary>
    public static void WriteMessages(this Utf8JsonWriter json, string property, IEnumerable<IMessage> messages)
    {
        json.WriteStartObject();
        json.WriteStartArray(property);
        foreach (var message in messages)
        {
            ProtoJson.Write(json, message);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
