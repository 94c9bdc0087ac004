using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// Has children born in a control group: a child begins where its parent is, so the parent goes there and comes back. To
/// move the child afterwards would be too late for what it has forked by then, and posix_spawn(3) knows no other way.
/// </summary>
internal sealed class Birthplace
{
    /// <summary>For the end of a supervisor that was killed in there.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>Where this process is at home; null: that cannot be seen from here.</summary>
    private readonly string? _home = CgroupTree.Own();

    /// <summary>The way home, kept open: there may be no descriptor left to open it again.</summary>
    private SafeFileHandle? _back;

    /// <summary>Makes the control group and goes there; gives why not, or null.</summary>
    public string? Enter(string directory)
    {
        if (_home is null)
        {
            return "its supervisor is in no control group that can be seen from here";
        }

        try
        {
            _back ??= Libc.Open(Path.Combine(_home, "cgroup.procs"), Libc.O_WRONLY);
            StepCgroup.Make(Path.GetDirectoryName(directory)!);
            StepCgroup.Make(directory);
        }
        catch (IOException fault)
        {
            return fault.Message;
        }

        // One that is there and empty was made by a supervisor that was killed before it started anything.
        var cgroup = new StepCgroup(directory);
        return !SpinWait.SpinUntil(() => !cgroup.IsPopulated, s_patience) ? $"{directory} is in use"
            : StepCgroup.Enter(directory) is var error and not 0 ? Without(cgroup, error)
            : null;
    }

    /// <summary>
    /// Comes back. False: this process is there still, and whoever kills the control group kills it too; that one must
    /// not be told of.
    /// </summary>
    public bool Leave(string directory) =>
        Libc.Write(_back!, "0"u8) > 0 || StepCgroup.Enter(Path.GetDirectoryName(directory)!) == 0;

    private static string Without(StepCgroup cgroup, int error)
    {
        cgroup.TryRemove();
        return $"{cgroup.Directory}: {Marshal.GetPInvokeErrorMessage(error)}";
    }
}
