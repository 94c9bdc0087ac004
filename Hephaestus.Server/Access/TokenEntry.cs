using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Hephaestus.Server.Access;

/// <summary>
/// A token as it is kept: a line of its name, when it was made, a salt and the SHA-256 hash of salt and secret. A token's
/// text is <c>NAME.SECRET</c>; the secret is 32 random bytes, far beyond guessing, so that one hash is enough.
/// </summary>
internal sealed class TokenEntry
{
    /// <summary>What is allowed as a name, for error messages.</summary>
    public const string AllowedName = "1 to 64 letters, digits, '-' and '_'";

    private const int LongestName = 64;
    private const int SecretBytes = 32;
    private const int SaltBytes = 16;

    /// <summary>Of a secret as text: base64url without padding.</summary>
    private const int SecretLength = 43;

    private static readonly string s_noSecret = new('-', SecretLength);

    private readonly byte[] _salt;
    private readonly byte[] _hash;

    private TokenEntry(string name, DateTimeOffset made, byte[] salt, byte[] hash)
    {
        (Name, Made, _salt, _hash) = (name, made, salt, hash);
        Proof = Proof.Of(new Principal.Token(name));
    }

    public string Name { get; }

    public DateTimeOffset Made { get; }

    /// <summary>What its bearer proves.</summary>
    public Proof Proof { get; }

    /// <summary>Stands for all tokens that do not exist: nothing matches it, and that takes the same time.</summary>
    public static TokenEntry Nobody { get; } =
        new("", default, RandomNumberGenerator.GetBytes(SaltBytes), RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes));

    public static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');

    /// <summary>A new one, with the only copy of its text.</summary>
    public static (TokenEntry Entry, string Text) Make(string name, DateTimeOffset now)
    {
        var secret = System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return (new TokenEntry(name, now, salt, Hash(salt, secret)), $"{name}.{secret}");
    }

    /// <summary>A line of the file; null: it is none.</summary>
    public static TokenEntry? Parse(string line) =>
        line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var name, var time, var salt, var hash]
        && IsName(name)
        && DateTimeOffset.TryParseExact(time, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var made)
        && Bytes(salt, SaltBytes) is { } salted
        && Bytes(hash, SHA256.HashSizeInBytes) is { } hashed
            ? new TokenEntry(name, made, salted, hashed)
            : null;

    /// <summary>The line of the file.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name} {Made.ToString(TimeFormat, CultureInfo.InvariantCulture)} {Convert.ToHexStringLower(_salt)} {Convert.ToHexStringLower(_hash)}");

    /// <summary>Whether this is its secret; takes the same time whatever it is.</summary>
    public bool Matches(ReadOnlySpan<char> secret)
    {
        var fits = secret.Length == SecretLength;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(_salt, fits ? secret : s_noSecret, hash);
        return CryptographicOperations.FixedTimeEquals(hash, _hash) & fits & !ReferenceEquals(this, Nobody);
    }

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    private static byte[] Hash(byte[] salt, string secret)
    {
        var hash = new byte[SHA256.HashSizeInBytes];
        Hash(salt, secret, hash);
        return hash;
    }

    private static void Hash(ReadOnlySpan<byte> salt, ReadOnlySpan<char> secret, Span<byte> hash)
    {
        // A character that is not ASCII takes three bytes at most.
        Span<byte> salted = stackalloc byte[SaltBytes + (3 * SecretLength)];
        salt.CopyTo(salted);
        var length = SaltBytes + Encoding.UTF8.GetBytes(secret, salted[SaltBytes..]);
        SHA256.HashData(salted[..length], hash);
    }

    private static byte[]? Bytes(string text, int count) =>
        text.Length == 2 * count && text.All(char.IsAsciiHexDigit) ? Convert.FromHexString(text) : null;
}
