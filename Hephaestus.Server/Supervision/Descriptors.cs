namespace Hephaestus.Server.Supervision;

/// <summary>What a descriptor is wanted for, and so how many must be left when it is given.</summary>
internal enum DescriptorUse
{
    /// <summary>A step that has begun, or somebody who reads.</summary>
    Work,

    /// <summary>A step that is to begin.</summary>
    Step,

    /// <summary>The log of an execution: many that wait for a step's descriptors must not hold all of them.</summary>
    Log,
}

/// <summary>
/// How the descriptors that a process may have are shared out. The kernel gives the lowest number that is free, so the number
/// of a new one tells how many are in use.
/// </summary>
internal static class Descriptors
{
    /// <summary>Left to runtime, journal and connections: a process in which the .NET runtime finds none is ended by it.</summary>
    private const ulong Reserved = 64;

    /// <summary>Those of an idle server.</summary>
    private const ulong Own = 256;

    private static readonly ulong s_most = Libc.OpenFileLimits(0).Hard is var hard and > 0 ? hard : int.MaxValue;

    /// <summary>Connections at once: at most 10,000, and no more than leave descriptors for executions.</summary>
    public static long Connections => ConnectionsOf(s_most);

    /// <summary>Whether a new descriptor leaves enough for what comes before its use.</summary>
    public static bool Suffice(int descriptor, DescriptorUse use) => (ulong)descriptor < MostFor(use, s_most);

    internal static long ConnectionsOf(ulong openFiles) => (long)Math.Clamp(Spare(openFiles) / 4, 16, 10_000);

    internal static ulong MostFor(DescriptorUse use, ulong openFiles)
    {
        var spare = Spare(openFiles);
        var most = openFiles > 2 * Reserved ? openFiles - Reserved : openFiles;
        return use switch
        {
            DescriptorUse.Log => most - (spare / 2),
            DescriptorUse.Step => most - (spare / 4),
            _ => most,
        };
    }

    private static ulong Spare(ulong openFiles) => openFiles > Own + Reserved ? openFiles - Own - Reserved : 0;
}
