namespace Hephaestus.Server.Supervision;

/// <summary>
/// Limits as they were before the .NET runtime raised them in this process at its start; steps are to have those.
/// </summary>
internal static class InheritedLimits
{
    /// <summary>What programs expect that use select(2), and what login shells and systemd give.</summary>
    private const ulong Customary = 1024;

    private const int Init = 1;

    /// <summary>
    /// The soft limit of open files. The kernel does not keep what it was, so it is concluded: a hard limit other than
    /// the parent's was set for this process, and then both were; else this process has what its parent has.
    /// </summary>
    public static ulong OpenFiles()
    {
        var own = Libc.OpenFileLimits(0);
        var parent = ProcessTable.Find(Environment.ProcessId)?.Parent ?? Init;
        var inherited = Libc.OpenFileLimits(parent);
        return (parent, inherited) switch
        {
            (Init, _) or (_, (0, 0)) when own.Hard == inherited.Hard || inherited.Hard == 0 => Math.Min(Customary, own.Hard),
            (_, var (_, hard)) when hard != own.Hard => own.Hard,
            _ => inherited.Soft,
        };
    }
}
