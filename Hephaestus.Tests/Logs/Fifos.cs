using System.Diagnostics;
using System.Globalization;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Tests.Logs;

/// <summary>The two FIFOs of an attempt. As the supervisor does, it holds an end to read from: nothing in them is lost.</summary>
internal sealed class Fifos : IDisposable
{
    private readonly SafeFileHandle[] _held;

    public Fifos(string directory, int attempt)
    {
        (OutSource, ErrSource) = (LogSource.Out(attempt), LogSource.Err(attempt));
        Out = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{attempt}-out.fifo"));
        Err = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{attempt}-err.fifo"));
        using var mkfifo = Process.Start("mkfifo", [Out, Err]);
        mkfifo.WaitForExit();
        Assert.Equal(0, mkfifo.ExitCode);
        _held = [Libc.Open(Out, Libc.O_RDONLY | Libc.O_NONBLOCK), Libc.Open(Err, Libc.O_RDONLY | Libc.O_NONBLOCK)];
    }

    public LogSource OutSource { get; }

    public LogSource ErrSource { get; }

    public string Out { get; }

    public string Err { get; }

    /// <summary>Bytes that wait in the two.</summary>
    public int Waiting => _held.Sum(Libc.Waiting);

    /// <summary>Bash with these as its outputs.</summary>
    public Process Start(string script) => Process.Start(
        new ProcessStartInfo("bash", ["-c", "exec <&- >\"$1\" 2>\"$2\"; eval \"$3\"", "bash", Out, Err, script]))!;

    /// <summary>An end to write to; every call of its Write is one write(2).</summary>
    public static FileStream Writer(string fifo) =>
        new(fifo, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

    public void Dispose()
    {
        foreach (var held in _held)
        {
            held.Dispose();
        }
    }
}
