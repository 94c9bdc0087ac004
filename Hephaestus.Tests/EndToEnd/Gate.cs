using Hephaestus.Server.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>
/// A place where a step's command waits until the test lets it pass, and by which the test learns that it is there: two
/// FIFOs, which the test holds open both ways so that nobody waits for the other end.
/// </summary>
internal sealed class Gate : IDisposable
{
    private readonly SafeFileHandle _arrivals;
    private readonly SafeFileHandle _passes;

    public Gate(ServerHome home, string name = "gate")
    {
        (Arrivals, Passes) = (Path.Combine(home.Directory, name + ".at"), Path.Combine(home.Directory, name + ".go"));
        (_arrivals, _passes) = (Made(Arrivals), Made(Passes));
    }

    public string Arrivals { get; }

    public string Passes { get; }

    /// <summary>The command that says that it has arrived and waits, in bash.</summary>
    public string Wait => $"{Arrive}; {Pass}";

    public string Arrive => $"echo >{Arrivals}";

    public string Pass => $"read -r _ <{Passes}";

    /// <summary>Completes when one more command has arrived.</summary>
    public async Task ArrivedAsync()
    {
        using var timeout = new CancellationTokenSource(Timeouts.Default);
        await ProcessWatch.ReadableAsync(_arrivals, timeout.Token);
        Assert.Equal(1, Libc.Read(_arrivals, new byte[1]));
    }

    /// <summary>Lets so many commands pass.</summary>
    public void Open(int times = 1)
    {
        for (var time = 0; time < times; time++)
        {
            Assert.Equal(1, Libc.Write(_passes, "\n"u8));
        }
    }

    public void Dispose()
    {
        _arrivals.Dispose();
        _passes.Dispose();
    }

    private static SafeFileHandle Made(string path)
    {
        Libc.MakeFifo(path);
        return Libc.Open(path, Libc.O_RDWR | Libc.O_NONBLOCK);
    }
}
