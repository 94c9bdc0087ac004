using Hephaestus.Server.Facts;

namespace Hephaestus.Server.Standard;

/// <summary>Why a server that answers cannot do its work.</summary>
[Flags]
internal enum Impediments
{
    None = 0,

    /// <summary>It has been asked to stop.</summary>
    Stopping = 1,

    /// <summary>There is no room for output or the journal, or no descriptor or process for what is to start; it waits.</summary>
    DiskFull = 2,

    /// <summary>An operator wants it to take no executions; everything else it does.</summary>
    Draining = 4,
}

/// <summary>
/// Whether the server can do its work: whoever knows a reason against it says so, and the health service tells it.
/// </summary>
internal sealed class ServingStatus
{
    private readonly Lock _gate = new();

    /// <summary>Everything that is in the way now; <see cref="Impediments.None"/>: it serves.</summary>
    public Latest<Impediments> Current { get; } = new(Impediments.None);

    /// <summary>Something is in the way.</summary>
    public void Add(Impediments impediments) => Change(current => current | impediments);

    /// <summary>It no longer is.</summary>
    public void Remove(Impediments impediments) => Change(current => current & ~impediments);

    private void Change(Func<Impediments, Impediments> change)
    {
        lock (_gate)
        {
            var before = Current.Value;
            var after = change(before);
            if (after != before)
            {
                Current.Set(after);
            }
        }
    }
}
