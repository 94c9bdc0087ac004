namespace Hephaestus.Tests.Chaos;

/// <summary>Chance that can be repeated: the same seed throws the same dice.</summary>
internal sealed class Dice(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>Dice of its own for a part of the whole, whatever order the parts throw in.</summary>
    public static Dice Of(int seed, int round, int part) => new(unchecked((((seed * 31) + round) * 1009) + part));

    /// <summary>From and to included.</summary>
    public int Between(int from, int to) => _random.Next(from, to + 1);

    /// <summary>True so often of a hundred times.</summary>
    public bool Percent(int chance) => _random.Next(100) < chance;

    public T Pick<T>(params ReadOnlySpan<T> choices) => choices[_random.Next(choices.Length)];

    /// <summary>One of the choices, each as likely as its weight says.</summary>
    public T Weighed<T>(params ReadOnlySpan<(int Weight, T Choice)> choices)
    {
        var total = 0;
        foreach (var (weight, _) in choices) total += weight;
        var thrown = _random.Next(total);
        foreach (var (weight, choice) in choices)
        {
            if ((thrown -= weight) < 0) return choice;
        }

        throw new InvalidOperationException("The weights sum up to less than their sum.");
    }

    /// <summary>Any bytes, with about one new line in <paramref name="newLines"/>.</summary>
    public byte[] Bytes(int count, int newLines)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        foreach (ref var value in bytes.AsSpan())
        {
            value = Percent(100 / newLines) ? (byte)'\n' : value;
        }

        return bytes;
    }

    public TimeSpan Milliseconds(int from, int to) => TimeSpan.FromMilliseconds(Between(from, to));
}
