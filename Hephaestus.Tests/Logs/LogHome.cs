using System.Globalization;
using Hephaestus.Server.Logs;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Logs;

/// <summary>A directory of logs with a pump, and one execution's log. Its end asserts that nothing in it is left open.</summary>
internal sealed class LogHome : IDisposable
{
    public const uint Execution = 1;

    private readonly TemporaryFolder? _folder;
    private readonly PumpOptions _options;
    private readonly List<Fifos> _fifos = [];

    /// <param name="root">Elsewhere than in a temporary folder.</param>
    public LogHome(PumpOptions? options = null, string? root = null)
    {
        _folder = root is null ? new TemporaryFolder() : null;
        (Root, _options) = (Path.Combine(root ?? _folder!.Path, "executions"), options ?? new PumpOptions());
        Store = new LogStore(Root, TimeProvider.System);
        Log = Store.Create(Execution, "<plan id=\"x\"></plan>"u8.ToArray());
        Pump = new Pump(Root, _options);
    }

    public string Root { get; }

    public LogStore Store { get; private set; }

    public ExecutionLog Log { get; private set; }

    public Pump Pump { get; private set; }

    public string Directory => Store.DirectoryOf(Execution);

    public LogReader Reader => Store.Read(Execution, FileOf);

    public string FileOf(LogSource source) => FileOf(Directory, source);

    public static string FileOf(string directory, LogSource source) => Path.Combine(directory, source.Stream switch
    {
        LogStream.Out => string.Create(CultureInfo.InvariantCulture, $"{source.Attempt + 1:000}-1.out"),
        LogStream.Err => string.Create(CultureInfo.InvariantCulture, $"{source.Attempt + 1:000}-1.err"),
        _ => "remarks",
    });

    public byte[] BytesOf(LogSource source) => File.Exists(FileOf(source)) ? File.ReadAllBytes(FileOf(source)) : [];

    /// <summary>New FIFOs, held as the supervisor holds them, for the next attempt.</summary>
    public Fifos NewFifos()
    {
        _fifos.Add(new Fifos(Directory, _fifos.Count));
        return _fifos[^1];
    }

    public PumpedAttempt Attach(Fifos fifos, bool late = false) => Pump.Attach(
        Log,
        new PumpedOutput(new LogFile(fifos.OutSource, FileOf(fifos.OutSource)), fifos.Out),
        new PumpedOutput(new LogFile(fifos.ErrSource, FileOf(fifos.ErrSource)), fifos.Err),
        late);

    /// <summary>Another server takes the place of this one, which stops in the middle of everything.</summary>
    public void Restart()
    {
        Pump.Dispose();
        Log.Dispose();
        Store = new LogStore(Root, TimeProvider.System);
        Log = Store.Open(Execution, [.. _fifos.SelectMany(LogFilesOf)]);
        Pump = new Pump(Root, _options);
    }

    /// <summary>Runs a script as a step would run, to the end of everything that it starts.</summary>
    public async Task RunAsync(string script)
    {
        var fifos = NewFifos();
        using var step = fifos.Start(script);
        var attempt = Attach(fifos);
        await step.WaitForExitAsync().DefaultTimeout();
        await attempt.DrainAsync().DefaultTimeout();
        await attempt.Finished.DefaultTimeout();
    }

    /// <summary>All complete lines, and whatever is begun, in the order of their numbers.</summary>
    public async Task<Received> ReadAsync(LogQuery? query = null)
    {
        var received = new Received();
        await foreach (var batch in Reader.ReadAsync((query ?? new LogQuery()) with { UntilNow = true }))
        {
            received.Add(batch);
        }

        return received;
    }

    public void Dispose()
    {
        Pump.Dispose();
        Log.Dispose();
        _fifos.ForEach(fifos => fifos.Dispose());
        Assert.Empty(Descriptors.Below(Root));
        _folder?.Dispose();
    }

    private IEnumerable<LogFile> LogFilesOf(Fifos fifos) =>
        new[] { fifos.OutSource, fifos.ErrSource }.Select(source => new LogFile(source, FileOf(source)));
}
