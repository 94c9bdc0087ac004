namespace Hephaestus.Tests.Journal;

/// <summary>A file system of 1 MiB in memory, for its owner to fill.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    public JournalDirectory Directory { get; } = new();

    public static async Task<SmallDisk> MountAsync()
    {
        var disk = new SmallDisk();
        await JournalDirectory.RunAsync("mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", disk.Directory.Root);
        return disk;
    }

    /// <summary>Takes all the space there is; gives back the file that holds it.</summary>
    public string Fill()
    {
        var filler = Path.Combine(Directory.Root, "filler");
        using var file = new FileStream(filler, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        var page = new byte[4096];
        try
        {
            while (true) file.Write(page);
        }
        catch (IOException)
        {
            return filler;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await JournalDirectory.RunAsync("umount", Directory.Root);
        Directory.Dispose();
    }
}

/// <summary>A test that mounts a file system; elsewhere it is shown as skipped.</summary>
internal sealed class FactForRootAttribute : FactAttribute
{
    public FactForRootAttribute()
    {
        if (!Environment.IsPrivilegedProcess) Skip = "only root may mount a file system";
    }
}
