using System.Diagnostics;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Chaos.Acts;

/// <summary>A small file system in memory for a round's state, which can be filled.</summary>
internal sealed class RoundDisk : IAsyncDisposable
{
    private const string Size = "64m";

    private readonly string _root;
    private readonly string _filler;

    private RoundDisk(string root) => (_root, _filler) = (root, Path.Combine(root, "filler"));

    /// <summary>Where the state has its place.</summary>
    public string State => Path.Combine(_root, "state");

    public static async Task<RoundDisk> MountAsync()
    {
        var root = Directory.CreateTempSubdirectory("hephaestus-disk-").FullName;
        Assert.Equal(0, await RunAsync("mount", "-t", "tmpfs", "-o", $"size={Size},mode=0700", "tmpfs", root));
        return new RoundDisk(root);
    }

    /// <summary>Whether this process may mount one.</summary>
    public static async Task<bool> MayMountAsync()
    {
        var root = Directory.CreateTempSubdirectory("hephaestus-disk-").FullName;
        try
        {
            return Environment.IsPrivilegedProcess
                && await RunAsync("mount", "-t", "tmpfs", "tmpfs", root) == 0
                && await RunAsync("umount", root) == 0;
        }
        finally
        {
            Directory.Delete(root);
        }
    }

    /// <summary>Takes all the space there is, for a time.</summary>
    public async Task FillAsync(TimeSpan time)
    {
        try
        {
            await File.WriteAllBytesAsync(_filler, []);
            await using var file = new FileStream(_filler, FileMode.Open, FileAccess.Write, FileShare.None, bufferSize: 0);
            var page = new byte[4096];
            while (true)
            {
                file.Write(page);
            }
        }
        catch (IOException)
        {
            await Task.Delay(time);
        }
        finally
        {
            File.Delete(_filler);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Assert.Equal(0, await RunAsync("umount", _root));
        Directory.Delete(_root);
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync().DefaultTimeout();
        return process.ExitCode;
    }
}
