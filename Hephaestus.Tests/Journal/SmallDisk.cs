namespace Hephaestus.Tests.Journal;

/// <summary>A file system of 1 MiB in memory, for its owner to fill.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    public JournalDirectory Directory { get; } = new();

    public static async Task<SmallDisk> MountAsync(string options = "size=1m")
    {
        var disk = new SmallDisk();
        await JournalDirectory.RunAsync("mount", "-t", "tmpfs", "-o", $"{options},mode=0700", "tmpfs", disk.Directory.Root);
        return disk;
    }

    /// <summary>Makes files until no more can be made; gives back the directory that holds them.</summary>
    public string FillWithFiles()
    {
        var fillers = System.IO.Directory.CreateDirectory(Path.Combine(Directory.Root, "fillers")).FullName;
        try
        {
            for (var number = 0; ; number++)
            {
                File.Create(Path.Combine(fillers, $"{number}")).Dispose();
            }
        }
        catch (IOException)
        {
            return fillers;
        }
    }

    /// <summary>Removes what filled it.</summary>
    public static void Empty(string filler)
    {
        if (System.IO.Directory.Exists(filler))
        {
            System.IO.Directory.Delete(filler, recursive: true);
        }
        else
        {
            File.Delete(filler);
        }
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
