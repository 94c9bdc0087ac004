namespace Hephaestus.Server.Supervision;

/// <summary>
/// The control groups of all attempts of a state directory. They lie in one of its own, and are named after their
/// attempts, so that the next server finds them. Thread-safe.
/// </summary>
/// <param name="directory">Where they lie; null: there are none.</param>
internal sealed class StepCgroups(string? directory) : IDisposable
{
    /// <summary>Those that something outlived its step in are tried to be removed again; more wait for the next start.</summary>
    private const int MostOutlived = 1000;

    private readonly Lock _gate = new();
    private readonly HashSet<StepCgroup> _outlived = [];

    /// <summary>Makes room for those of a state directory.</summary>
    /// <param name="delegated">The control group to make it in; null: none.</param>
    /// <exception cref="SupervisorException">It cannot be made.</exception>
    public static StepCgroups Open(string? delegated, string stateDirectory)
    {
        if (delegated is null)
        {
            return new StepCgroups(null);
        }

        try
        {
            var directory = Path.Combine(delegated, NameOf(stateDirectory));
            StepCgroup.Make(directory);
            return new StepCgroups(directory);
        }
        catch (IOException fault)
        {
            throw new SupervisorException(
                $"no control group can be made in {delegated} ({fault.Message}); exec.cgroup = off does without");
        }
    }

    /// <summary>Where an attempt is to be born; null: nowhere of its own.</summary>
    public StepCgroup? Of(SpawnRequest request) => directory is null
        ? null
        : new StepCgroup(Path.Combine(directory, Prefix(request.Key) + request.Instance));

    /// <summary>Removes an attempt's as soon as nothing of it is left.</summary>
    /// <param name="known">Empty: it may have one, if it is there.</param>
    public void Remove(StepKey key, string known)
    {
        var own = known.Length > 0 ? [new StepCgroup(known)] : All(Prefix(key));
        lock (_gate)
        {
            _outlived.RemoveWhere(outlived => outlived.TryRemove());
            foreach (var cgroup in own.Where(cgroup => !cgroup.TryRemove() && _outlived.Count < MostOutlived))
            {
                _outlived.Add(cgroup);
            }
        }
    }

    /// <summary>Removes what earlier servers left and is empty, but for attempts that are not settled.</summary>
    public void Clean(IEnumerable<StepKey> unsettled)
    {
        var kept = unsettled.Select(Prefix).ToArray();
        foreach (var cgroup in All("").Where(cgroup => !kept.Any(cgroup.IsNamed)))
        {
            cgroup.TryRemove();
        }
    }

    /// <summary>Where no attempt has one any more, no trace of them stays.</summary>
    public void Dispose()
    {
        if (directory is not null && All("").Length == 0)
        {
            new StepCgroup(directory).TryRemove();
        }
    }

    /// <summary>Unique as long as the machine runs, which is as long as control groups are there.</summary>
    private static string NameOf(string stateDirectory) => Libc.Status(stateDirectory, out var status) == 0
        ? FormattableString.Invariant($"hephaestus-{status.Device:x}-{status.Inode:x}")
        : throw new SupervisorException($"the state directory {stateDirectory} is gone");

    private static string Prefix(StepKey key) => FormattableString.Invariant($"{key.Execution}-{key.Step}-{key.Attempt}-");

    private StepCgroup[] All(string prefix) => directory is null || !Directory.Exists(directory)
        ? []
        : [.. Directory.GetDirectories(directory, prefix + "*").Select(found => new StepCgroup(found))];
}
