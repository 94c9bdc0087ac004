using System.Globalization;
using Hephaestus.Protocol;
using Hephaestus.Server.Configuration;

namespace Hephaestus.Server.Access;

/// <summary>
/// <c>hephaestus token</c>: makes, replaces, removes and lists tokens. A token goes to standard output once, and nowhere else;
/// what is to be said goes to standard error.
/// </summary>
internal static class TokenCommand
{
    /// <summary>The exit code.</summary>
    /// <param name="arguments">What follows <c>token</c>.</param>
    public static int Run(string[] arguments) => arguments switch
    {
        ["new", var name] => Named(name, null, New),
        ["new", var name, var configuration] => Named(name, configuration, New),
        ["replace", var name] => Named(name, null, Replace),
        ["replace", var name, var configuration] => Named(name, configuration, Replace),
        ["remove", var name] => Named(name, null, Remove),
        ["remove", var name, var configuration] => Named(name, configuration, Remove),
        ["list"] => On(null, List),
        ["list", var configuration] => On(configuration, List),
        _ => CommandLine.Unusable(["token", .. arguments]),
    };

    private static int Named(string name, string? configuration, Action<string, string> act)
    {
        if (TokenEntry.IsName(name))
        {
            return On(configuration, file => act(file, name));
        }

        // It is not repeated: somebody may have given the token itself.
        Say($"this cannot be the name of a token; allowed is {TokenEntry.AllowedName}");
        return ExitCodes.Usage;
    }

    private static int On(string? configuration, Action<string> act)
    {
        var (settings, problems) = ServerSettings.Read(configuration);
        foreach (var problem in problems.Where(problem => problem.IsError))
        {
            Say(problem.ToString());
        }

        try
        {
            if (settings is not null)
            {
                act(settings.TokenFile);
                return ExitCodes.Done;
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Say(fault.Message);
        }

        return ExitCodes.Usage;
    }

    private static void New(string file, string name)
    {
        Print(file, tokens => !tokens.Has(name) ? null
            : $"there is a token {name} already; hephaestus token replace {name} makes another in its place", name);
        Say($"this is shown only now; main.conf says what its bearer may do: access.token:{name} = ROLE");
    }

    private static void Replace(string file, string name)
    {
        Print(file, tokens => tokens.Has(name) ? null : Missing(name), name);
        Say("this is shown only now; the one before it is of no use any more");
    }

    private static void Remove(string file, string name)
    {
        TokenFile.Change(file, tokens => tokens.Has(name) ? tokens.Without(name) : throw new IOException(Missing(name)));
        Say($"the token {name} is of no use any more");
    }

    private static void List(string file)
    {
        var tokens = TokenFile.Read(file) is { Value: { } value } ? value : throw new IOException(TokenFile.Read(file).Fault);
        var width = tokens.Entries.Select(entry => entry.Name.Length).DefaultIfEmpty().Max();
        foreach (var entry in tokens.Entries)
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{entry.Name.PadRight(width)}  made {entry.Made:yyyy-MM-dd HH:mm:ss} UTC"));
        }
    }

    /// <summary>Makes one and prints it once it counts.</summary>
    private static void Print(string file, Func<TokenList, string?> refuse, string name)
    {
        var (entry, text) = TokenEntry.Make(name, DateTimeOffset.UtcNow);
        TokenFile.Change(file, tokens => refuse(tokens) is { } refusal ? throw new IOException(refusal)
            : tokens.Entries.Length >= TokenList.Most && !tokens.Has(name) ? throw new IOException($"there are {TokenList.Most} tokens; remove one first")
            : tokens.With(entry));
        Console.Out.WriteLine(text);
    }

    private static string Missing(string name) => $"there is no token {name}; hephaestus token list names all";

    private static void Say(string line) => Console.Error.WriteLine($"hephaestus: {line}");
}
