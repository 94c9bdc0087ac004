namespace Hephaestus.Server.Supervision;

/// <summary>
/// Limits as they were before the .NET runtime raised them in this process at its start; steps are to have those.
/// </summary>
internal static class InheritedLimits
{
    /// <summary>What programs expect that use select(2), and what login shells and systemd give.</summary>
    private const ulong Customary = 1024;

    private const int Init = 1;

    /// <summary>What the first process of a container has as its parent, and any that was put into one: it cannot be seen.</summary>
    private const int Outside = 0;

    /// <summary>The hard limit that systemd gives to a service, with the customary soft one, unless the unit says otherwise.</summary>
    private const ulong OfServices = 524_288;

    /// <summary>The soft limit of open files.</summary>
    public static ulong OpenFiles()
    {
        var parent = ProcessTable.Find(Environment.ProcessId)?.Parent ?? Init;
        return OpenFiles(Libc.OpenFileLimits(0), parent, parent == Outside ? (0, 0) : Libc.OpenFileLimits(parent));
    }

    /// <summary>
    /// The kernel does not keep what it was, so it is concluded: a hard limit other than the parent's was set for this
    /// process, and then both were; else this process has what its parent has. Pure.
    /// </summary>
    /// <param name="inherited">The parent's; 0: they cannot be seen.</param>
    public static ulong OpenFiles((ulong Soft, ulong Hard) own, int parent, (ulong Soft, ulong Hard) inherited) => parent switch
    {
        Init when own.Hard == OfServices => Customary,
        Init when own.Hard == inherited.Hard => Math.Min(Customary, own.Hard),
        _ when inherited.Hard == 0 => Math.Min(Customary, own.Hard),
        _ when inherited.Hard != own.Hard => own.Hard,
        _ => inherited.Soft,
    };
}
