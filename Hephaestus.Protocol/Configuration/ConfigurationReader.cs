using System.Globalization;

namespace Hephaestus.Protocol.Configuration;

/// <summary>
/// Takes typed values out of a configuration. A value that cannot be used is noted in <see cref="Problems"/> and its
/// default is given, so that all that is wrong is found at once.
/// </summary>
public sealed class ConfigurationReader(Configuration configuration)
{
    private readonly List<ConfigurationProblem> _problems = [.. configuration.Problems];

    /// <summary>All problems so far.</summary>
    public IReadOnlyList<ConfigurationProblem> Problems => _problems;

    /// <summary>Whether the key is set.</summary>
    public bool Has(string key) => configuration.Find(key) is not null;

    /// <summary>The value as it stands; an empty one is an error.</summary>
    public string? Text(string key) => Parse(key, value => value.Length > 0 ? value : null, "a value that is not empty");

    /// <summary>The value as it stands, which may be empty; null: not set.</summary>
    public string? TextOrEmpty(string key) => configuration.Find(key)?.Value;

    /// <summary><c>yes</c> or <c>no</c>.</summary>
    public bool YesNo(string key, bool otherwise) =>
        Parse(key, value => value switch { "yes" => "yes", "no" => "no", _ => null }, "yes or no") is { } answer ? answer == "yes" : otherwise;

    /// <summary>A whole number between two bounds, both allowed.</summary>
    public int Number(string key, int otherwise, int least, int most) =>
        ParseValue<int>(
            key,
            value => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number : null,
            $"a whole number from {least} to {most}") ?? otherwise;

    /// <summary>A duration up to a bound, which is allowed.</summary>
    public TimeSpan Duration(string key, TimeSpan otherwise, TimeSpan most) =>
        ParseValue<TimeSpan>(
            key,
            value => DurationText.TryParse(value, out var duration) && duration <= most ? duration : null,
            $"{DurationText.Allowed}, at most {DurationText.Format(most)}") ?? otherwise;

    /// <summary>Any other value: null from <paramref name="parse"/> is an error that names what is allowed.</summary>
    public T? Parse<T>(string key, Func<string, T?> parse, string allowed)
        where T : class
    {
        if (configuration.Find(key) is not { } entry)
        {
            return null;
        }

        var value = parse(entry.Value);
        if (value is null)
            Wrong(entry, allowed);
        return value;
    }

    /// <summary>Notes an error at the place where the key is set, or without a place.</summary>
    public void Error(string key, string message) =>
        _problems.Add(configuration.Find(key)?.Error(message) ?? new ConfigurationProblem(null, 0, key, message, IsError: true));

    /// <summary>Notes what was found elsewhere.</summary>
    public void Add(IEnumerable<ConfigurationProblem> problems) => _problems.AddRange(problems);

    private T? ParseValue<T>(string key, Func<string, T?> parse, string allowed)
        where T : struct
    {
        if (configuration.Find(key) is not { } entry)
        {
            return null;
        }

        var value = parse(entry.Value);
        if (value is null)
            Wrong(entry, allowed);
        return value;
    }

    private void Wrong(ConfigurationEntry entry, string allowed) =>
        _problems.Add(entry.Error($"\"{entry.Value}\" cannot be used; allowed is {allowed}"));
}
