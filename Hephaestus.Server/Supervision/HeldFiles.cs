using System.Globalization;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// The files that an attempt has from its start until it is settled. Those of all executions lie in one directory, so
/// that a start finds what an earlier server left, whoever was killed.
/// </summary>
internal sealed record HeldFiles(string Directory, StepKey Key)
{
    /// <summary>What the names of its files begin with.</summary>
    public string Name => FormattableString.Invariant($"{Key.Execution}-{Key.Step}-{Key.Attempt}");

    /// <summary>The FIFO that is its standard output.</summary>
    public string OutFifo => Named("out");

    /// <summary>The FIFO that is its standard error.</summary>
    public string ErrFifo => Named("err");

    /// <summary>Its process and how that ended; see <see cref="StatusFile"/>.</summary>
    public string Status => Named("status");

    /// <summary>Whether its output can be taken, or taken on with.</summary>
    public bool HaveFifos => File.Exists(OutFifo) && File.Exists(ErrFifo);

    /// <summary>The directory below a state directory.</summary>
    public static string In(string stateDirectory) => Path.Combine(stateDirectory, "running");

    /// <summary>The attempts of which there are files.</summary>
    public static IEnumerable<StepKey> Find(string directory) =>
        System.IO.Directory.EnumerateFiles(directory).Select(file => KeyOf(Path.GetFileName(file))).OfType<StepKey>().Distinct();

    /// <summary>Removes them.</summary>
    public void Remove()
    {
        File.Delete(OutFifo);
        File.Delete(ErrFifo);
        File.Delete(Status);
    }

    private static StepKey? KeyOf(string name) =>
        name.Split('.')[0].Split('-') is [var execution, var step, var attempt]
        && uint.TryParse(execution, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
        && int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && int.TryParse(attempt, NumberStyles.None, CultureInfo.InvariantCulture, out var times)
            ? new StepKey(id, number, times)
            : null;

    private string Named(string ending) =>
        Path.Combine(Directory, $"{Name}.{ending}");
}
