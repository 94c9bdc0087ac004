using System.Buffers;
using System.Text;

namespace Grpc.Core;

public sealed partial class Metadata
{
    /// <summary>One key with a text or, when the key ends in "-bin", bytes.</summary>
    public class Entry
    {
        private static readonly SearchValues<char> KeyCharacters =
            SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

        private string? _value;
        private readonly byte[]? _bytes;

        /// <summary>
        /// A text: printable ASCII, as HTTP/2 header values of gRPC must be. Throws ArgumentException otherwise: it
        /// would break the connection, or another header, only when it is sent.
        /// </summary>
        public Entry(string key, string value) : this(key)
        {
            ArgumentNullException.ThrowIfNull(value);
            if (IsBinary)
            {
                throw new ArgumentException($"The key '{Key}' is for bytes.", nameof(key));
            }

            if (value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                throw new ArgumentException($"The value of '{Key}' is not printable ASCII.", nameof(value));
            }

            _value = value;
        }

        /// <summary>Bytes; the key ends in "-bin".</summary>
        public Entry(string key, byte[] valueBytes) : this(key)
        {
            ArgumentNullException.ThrowIfNull(valueBytes);
            if (!IsBinary)
            {
                throw new ArgumentException($"The key '{Key}' of bytes must end in '{BinaryHeaderSuffix}'.", nameof(key));
            }

            _bytes = valueBytes.ToArray();
        }

        private Entry(string key)
        {
            ArgumentNullException.ThrowIfNull(key);
            if (!IsKey(key))
            {
                throw new ArgumentException($"'{key}' is no metadata key: a-z, 0-9, '-', '_' and '.'.", nameof(key));
            }

#pragma warning disable CA1308 // Normalize strings to uppercase: HTTP/2 field names are lower case
            Key = key.ToLowerInvariant();
#pragma warning restore CA1308
        }

        /// <summary>The key in lower case.</summary>
        public string Key { get; }

        /// <summary>Whether the value is bytes.</summary>
        public bool IsBinary => IsBinaryKey(Key);

        /// <summary>The text. Throws InvalidOperationException when the value is bytes.</summary>
        public string Value =>
            _value ?? throw new InvalidOperationException($"The value of '{Key}' is bytes, not text.");

        /// <summary>A copy of the bytes; a text's are its ASCII.</summary>
        public byte[] ValueBytes => _bytes?.ToArray() ?? Encoding.ASCII.GetBytes(_value!);

        /// <inheritdoc/>
        public override string ToString() => $"[Entry: key={Key}, value={_value ?? Convert.ToHexString(_bytes!)}]";

        /// <summary>A text as a peer sent it, whatever is in it; the key is one.</summary>
        internal static Entry Received(string key, string value) => new(key) { _value = value };

        internal static bool IsKey(string key) => key.Length > 0 && !key.AsSpan().ContainsAnyExcept(KeyCharacters);

        internal static bool IsBinaryKey(string key) =>
            key.EndsWith(BinaryHeaderSuffix, StringComparison.OrdinalIgnoreCase);

        internal bool Has(string key) => string.Equals(Key, key, StringComparison.OrdinalIgnoreCase);
    }
}
