using System.Text;

namespace Hephaestus.Cli.Connection;

/// <summary>A secret word that shows a server who asks. No message holds it.</summary>
internal sealed class Token
{
    /// <summary>Bytes at most; with more a server would refuse the headers.</summary>
    private const int Longest = 4096;

    private const string Blanks = " \t\r\n";

    private readonly Func<string> _read;
    private volatile string? _last;

    private Token(string source, Func<string> read) => (Source, _read) = (source, read);

    /// <summary>Where it is from, for messages: "the token of HEPHAESTUS_TOKEN".</summary>
    public string Source { get; }

    /// <summary>A token of a variable.</summary>
    /// <exception cref="UsageException">It cannot be one.</exception>
    public static Token Of(string variable, string value) => Checked(new Token(
        $"the token of {variable}",
        () => Sendable(value.Length <= Longest ? value.Trim() : throw TooLong(variable), variable)));

    /// <summary>A token on the first line of a file.</summary>
    /// <exception cref="UsageException">The file cannot be read, or holds none.</exception>
    public static Token In(string file) => Checked(new Token($"the token in {file}", () => Read(file)));

    /// <summary>
    /// As it is now: a file is read anew each time. What cannot be read now, as while it is being replaced, is taken for
    /// what it was.
    /// </summary>
    public string Read()
    {
        try
        {
            return _last = _read();
        }
        catch (UsageException) when (_last is { } last)
        {
            return last;
        }
    }

    private static Token Checked(Token token)
    {
        token.Read();
        return token;
    }

    private static string Read(string file)
    {
        try
        {
            using var opened = File.OpenRead(file);
            var bytes = new byte[Longest + 1];
            var line = bytes.AsSpan(0, opened.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
            var end = line.IndexOf((byte)'\n');
            return end < 0 && line.Length > Longest
                ? throw TooLong($"the first line of {file}")
                : Sendable(Encoding.Latin1.GetString(end < 0 ? line : line[..end]).Trim(Blanks.ToCharArray()), $"the first line of {file}");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"the token cannot be read: {unreadable.Message}");
        }
    }

    // HTTP takes more, but a blank or a letter beyond ASCII in a token is a mistake.
    private static string Sendable(string token, string place) => token switch
    {
        "" => throw new UsageException($"{place} holds no token"),
        _ when token.All(letter => letter is > ' ' and < (char)0x7f) => token,
        _ => throw new UsageException($"{place} holds no token: there is a blank, a control or a letter beyond ASCII in it"),
    };

    private static UsageException TooLong(string place) => new($"{place} is no token: it is longer than {Longest} bytes");
}
