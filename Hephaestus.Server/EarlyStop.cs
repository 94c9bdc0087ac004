using System.Runtime.InteropServices;

namespace Hephaestus.Server;

/// <summary>
/// SIGTERM and SIGINT during a start, which may wait for long: they end the process at once, as a kill would, which loses
/// nothing. Without somebody who hears them they do nothing at all to the first process of a container
/// (pid_namespaces(7)).
/// </summary>
internal sealed class EarlyStop(Action stop) : IDisposable
{
    private readonly PosixSignalRegistration[] _heard =
        [PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => stop()), PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => stop())];

    /// <summary>The start is over: others hear them now.</summary>
    public void Dispose()
    {
        foreach (var heard in _heard)
        {
            heard.Dispose();
        }
    }
}
