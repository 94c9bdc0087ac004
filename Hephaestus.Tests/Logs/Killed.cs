using Hephaestus.Server.Logs;
using Hephaestus.Tests.Configuration;

namespace Hephaestus.Tests.Logs;

/// <summary>The files of a log as they were when its server was killed, in another directory.</summary>
internal sealed class Killed : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <param name="keep">How much of the index, and perhaps of every other file, is left of its length.</param>
    public Killed(LogHome home, Func<long, long> keep, bool cutsAll = false)
        : this(home.Directory, keep, cutsAll, boot: null)
    {
    }

    /// <summary>The files of a log's directory after a loss of power, as another boot of the machine finds them.</summary>
    public static Killed ByPower(string directory, Func<long, long> keep, string boot) => new(directory, keep, cutsAll: true, boot);

    private Killed(string directory, Func<long, long> keep, bool cutsAll, string? boot)
    {
        Store = new LogStore(_folder.Path, TimeProvider.System, boot: boot);
        System.IO.Directory.CreateDirectory(Directory);
        foreach (var file in System.IO.Directory.GetFiles(directory))
        {
            Copy(file, Path.GetFileName(file) is "generations" ? long.MaxValue : cutsAll || Path.GetFileName(file) == "index" ? keep(new FileInfo(file).Length) : long.MaxValue);
        }
    }

    public LogStore Store { get; }

    public string Directory => Store.DirectoryOf(LogHome.Execution);

    public LogFile[] Outputs =>
        [.. Enumerable.Range(2, 6).Select(value => new LogSource((ushort)value))
            .Select(source => new LogFile(source, FileOf(source)))];

    public LogReader Reader => Store.Read(LogHome.Execution, FileOf);

    public string FileOf(LogSource source) => LogHome.FileOf(Directory, source);

    public ExecutionLog Open() => Store.Open(LogHome.Execution, Outputs, Server.Supervision.Boot.Id);

    public void Dispose()
    {
        Assert.Empty(Descriptors.Below(_folder.Path));
        _folder.Dispose();
    }

    private void Copy(string file, long length)
    {
        var copy = Path.Combine(Directory, Path.GetFileName(file));
        File.Copy(file, copy);
        using var cut = File.OpenWrite(copy);
        if (length < cut.Length) cut.SetLength(length);
    }
}
