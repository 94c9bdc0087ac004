using Grpc.Core;

namespace Grpc.Wire;

/// <summary>Metadata as HTTP headers and back.</summary>
internal static class MetadataHeaders
{
    /// <summary>The headers of these entries, without those that are reserved.</summary>
    public static IEnumerable<KeyValuePair<string, string>> ToHeaders(Metadata metadata) =>
        metadata.Where(entry => !HeaderNames.IsReserved(entry.Key))
            .Select(entry => KeyValuePair.Create(entry.Key, entry.IsBinary ? Encode(entry.ValueBytes) : entry.Value));

    /// <summary>Adds a received header; what is no metadata by the protocol's rules is left out.</summary>
    public static void AddHeader(this Metadata metadata, string name, string value)
    {
        if (HeaderNames.IsReserved(name) || !Metadata.Entry.IsKey(name))
        {
            return;
        }

        if (!Metadata.Entry.IsBinaryKey(name))
        {
            metadata.Add(Metadata.Entry.Received(name, value));
            return;
        }

        // Repeated binary headers may arrive joined by commas, which base64 does not have.
        foreach (var part in value.Split(',', StringSplitOptions.TrimEntries))
        {
            if (TryDecode(part, out var bytes))
            {
                metadata.Add(name, bytes);
            }
        }
    }

    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    /// <summary>With or without padding.</summary>
    private static bool TryDecode(string text, out byte[] bytes)
    {
        var unpadded = text.TrimEnd('=');
        var padded = unpadded.PadRight((unpadded.Length + 3) / 4 * 4, '=');
        bytes = new byte[padded.Length / 4 * 3];
        var isBase64 = Convert.TryFromBase64String(padded, bytes, out var length);
        Array.Resize(ref bytes, length);
        return isBase64;
    }
}
