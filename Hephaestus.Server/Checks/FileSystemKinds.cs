namespace Hephaestus.Server.Checks;

/// <summary>File systems by the kernel's magic numbers (statfs(2), linux/magic.h) that a state directory should not lie on.</summary>
internal static class FileSystemKinds
{
    private const string Network =
        ", over the network: locks and syncs may not hold there, and SQLite asks for a local disk; set host.state_dir";

    /// <summary>What is wrong with one; null: nothing is known to be.</summary>
    public static string? Trouble(uint kind) => kind switch
    {
        0x6969 => "on NFS" + Network,
        0xFF534D42 or 0xFE534D42 or 0x517B => "on SMB" + Network,
        0x01021997 => "on 9p" + Network,
        0x5346414F => "on AFS" + Network,
        0x00C36400 => "on Ceph" + Network,
        0x65735546 => "on FUSE: what syncs and locks are worth there its program decides; better a local disk",
        0x01021994 or 0x858458F6 => "in memory: it is gone when the machine is restarted; set host.state_dir",
        _ => null,
    };
}
