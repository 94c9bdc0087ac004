namespace Hephaestus.Server.Facts;

/// <summary>Work that waits for what the machine lacks (space, descriptors, processes), and why. Thread-safe.</summary>
internal sealed class Waits
{
    private readonly Lock _gate = new();
    private readonly Dictionary<object, Wait> _waits = [];

    /// <summary>A reason why something waits; null: nothing does.</summary>
    public Latest<string?> Reason { get; } = new(null);

    /// <summary>What somebody waits for, with what it keeps from being done; null: for nothing.</summary>
    public string? Of(object who)
    {
        lock (_gate)
        {
            return _waits.TryGetValue(who, out var wait) ? $"{wait.What}: {wait.Reason}" : null;
        }
    }

    /// <summary>Somebody waits, or for another reason than before. True: that is news.</summary>
    /// <param name="what">What it keeps from being done, as a sentence.</param>
    public bool Add(object who, string what, string reason)
    {
        lock (_gate)
        {
            var wait = new Wait(what, reason);
            if (_waits.TryGetValue(who, out var known) && known == wait)
            {
                return false;
            }

            _waits[who] = wait;
            Say();
            return true;
        }
    }

    /// <summary>He waits no longer.</summary>
    public void Remove(object who)
    {
        lock (_gate)
        {
            if (_waits.Remove(who))
            {
                Say();
            }
        }
    }

    private void Say()
    {
        if (Reason.Value is not { } said || !_waits.Values.Any(wait => wait.Reason == said))
        {
            Reason.Set(_waits.Values.FirstOrDefault()?.Reason);
        }
    }

    private sealed record Wait(string What, string Reason);
}
