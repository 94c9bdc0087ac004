using System.Globalization;

namespace Hephaestus.Tests.Fuzz;

/// <summary>What a process holds of the machine.</summary>
/// <param name="Memory">Resident, in MiB.</param>
internal sealed record Holding(long Memory, int Descriptors, int Threads)
{
    /// <summary>MiB that the memory may differ by chance: the runtime collects garbage when it sees fit.</summary>
    public const long MemoryMargin = 160;

    /// <summary>The journal's readers, files of logs that are kept open, connections that have just been closed.</summary>
    public const int DescriptorMargin = 48;

    /// <summary>The runtime's pool grows and shrinks.</summary>
    public const int ThreadMargin = 32;

    public static Holding Of(int pid)
    {
        var status = File.ReadAllLines($"/proc/{pid}/status");
        return new Holding(
            Field("VmRSS:") / 1024, new DirectoryInfo($"/proc/{pid}/fd").EnumerateFileSystemInfos().Count(), (int)Field("Threads:"));

        long Field(string name) => long.Parse(
            status.First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Trim().Split(' ')[0],
            CultureInfo.InvariantCulture);
    }

    /// <summary>What has grown beyond chance; null: nothing.</summary>
    public string? Beyond(Holding first) =>
        Memory > first.Memory + MemoryMargin ? Grown("MiB of memory", first.Memory, Memory)
        : Descriptors > first.Descriptors + DescriptorMargin ? Grown("descriptors", first.Descriptors, Descriptors)
        : Threads > first.Threads + ThreadMargin ? Grown("threads", first.Threads, Threads)
        : null;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Memory} MiB, {Descriptors} descriptors, {Threads} threads");

    private static string Grown(string what, long before, long now) =>
        string.Create(CultureInfo.InvariantCulture, $"it has grown from {before} to {now} {what}");
}
