namespace Hephaestus.Tests.Fuzz.Wire;

/// <summary>How much data may be sent on a connection, as its other end says (RFC 9113, section 5.2).</summary>
internal sealed class SendRoom : IDisposable
{
    private const int Unit = 256;

    private readonly SemaphoreSlim _units = new(65_535 / Unit);
    private int _rest;

    /// <summary>The other end takes so many bytes more.</summary>
    public void Add(int bytes)
    {
        _rest += bytes;
        if (_rest >= Unit)
        {
            _units.Release(_rest / Unit);
            _rest %= Unit;
        }
    }

    /// <summary>Waits until so many may be sent.</summary>
    public async Task TakeAsync(int bytes, CancellationToken cancellation)
    {
        for (; bytes > 0; bytes -= Unit)
        {
            await _units.WaitAsync(cancellation);
        }
    }

    public void Dispose() => _units.Dispose();
}
