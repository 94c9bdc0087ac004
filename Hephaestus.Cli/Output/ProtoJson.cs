using System.Collections;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Output;

/// <summary>
/// Messages as JSON, under the names of the .proto: numbers are numbers, times RFC 3339 in UTC, durations seconds, bytes
/// base64, maps objects, states the words that users know, other enums their names in lower case without the type (<c>timed_out</c>, <c>out</c>). A
/// message that is absent is null; of alternatives (oneof) only the one that is there is named.
/// </summary>
internal static class ProtoJson
{
    /// <summary>The message as an object.</summary>
    public static void Write(Utf8JsonWriter json, IMessage message)
    {
        json.WriteStartObject();
        WriteFields(json, message);
        json.WriteEndObject();
    }

    /// <summary>The message's fields, into an object that is open.</summary>
    public static void WriteFields(Utf8JsonWriter json, IMessage message)
    {
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            if (field.ContainingOneof is null || field.Accessor.HasValue(message))
            {
                json.WritePropertyName(field.Name);
                WriteValue(json, field, field.Accessor.GetValue(message));
            }
        }
    }

    /// <summary>The time in UTC, to the microsecond.</summary>
    public static string Text(Timestamp time) =>
        time.ToDateTime().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static void WriteValue(Utf8JsonWriter json, FieldDescriptor field, object? value)
    {
        switch (value)
        {
            case IDictionary map:
                WriteMap(json, field.MessageType.FindFieldByNumber(2), map);
                break;
            case IList list:
                WriteList(json, field, list);
                break;
            default:
                WriteSingle(json, field, value);
                break;
        }
    }

    private static void WriteMap(Utf8JsonWriter json, FieldDescriptor field, IDictionary map)
    {
        json.WriteStartObject();
        foreach (DictionaryEntry entry in map)
        {
            json.WritePropertyName($"{entry.Key}");
            WriteSingle(json, field, entry.Value);
        }

        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, FieldDescriptor field, IList list)
    {
        json.WriteStartArray();
        foreach (var element in list)
        {
            WriteSingle(json, field, element);
        }

        json.WriteEndArray();
    }

    private static void WriteSingle(Utf8JsonWriter json, FieldDescriptor field, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case Timestamp time:
                json.WriteStringValue(Text(time));
                break;
            case Duration duration:
                json.WriteNumberValue(duration.Seconds + (duration.Nanos / 1_000_000_000m));
                break;
            case IMessage message:
                Write(json, message);
                break;
            case State state:
                json.WriteStringValue(StateWords.Of(state));
                break;
            case System.Enum:
                json.WriteStringValue(EnumName(field.EnumType, (int)value));
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case uint or int or ulong or long:
                json.WriteNumberValue(Convert.ToDecimal(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
            case ByteString bytes:
                json.WriteBase64StringValue(bytes.Span);
                break;
            default:
                throw new NotSupportedException($"{field.FullName} has a type that JSON output does not know");
        }
    }

    /// <summary>CAUSE_TIMED_OUT of Cause is <c>timed_out</c>; an unknown number is itself.</summary>
    private static string EnumName(EnumDescriptor type, int number)
    {
        if (type.FindValueByNumber(number) is not { } value)
        {
            return number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        var prefix = string.Concat(type.Name.Select((letter, at) => at > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{letter}"));
        return value.Name[(prefix.Length + 1)..].ToLowerInvariant();
    }
}
