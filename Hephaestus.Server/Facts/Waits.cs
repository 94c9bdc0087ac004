namespace Hephaestus.Server.Facts;

/// <summary>Work that waits for what the machine lacks (space, descriptors, processes), and why. Thread-safe.</summary>
internal sealed class Waits
{
    private readonly Lock _gate = new();
    private readonly Dictionary<object, string> _reasons = [];

    /// <summary>A reason why something waits; null: nothing does.</summary>
    public Latest<string?> Reason { get; } = new(null);

    /// <summary>Somebody waits, or for another reason than before. True: that is news.</summary>
    public bool Add(object who, string reason)
    {
        lock (_gate)
        {
            if (_reasons.TryGetValue(who, out var known) && known == reason)
            {
                return false;
            }

            _reasons[who] = reason;
            Say();
            return true;
        }
    }

    /// <summary>He waits no longer.</summary>
    public void Remove(object who)
    {
        lock (_gate)
        {
            if (_reasons.Remove(who))
            {
                Say();
            }
        }
    }

    private void Say()
    {
        if (Reason.Value is not { } said || !_reasons.ContainsValue(said))
        {
            Reason.Set(_reasons.Values.FirstOrDefault());
        }
    }
}
