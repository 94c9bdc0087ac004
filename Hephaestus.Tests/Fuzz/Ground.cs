namespace Hephaestus.Tests.Fuzz;

/// <summary>The servers at which things are thrown: one without TLS, one with.</summary>
internal sealed class Ground : IAsyncDisposable
{
    private Ground(Target plain, Target secure) => (Plain, Secure) = (plain, secure);

    public Target Plain { get; }

    public Target Secure { get; }

    public static async Task<Ground> OpenAsync(Func<byte[], byte[]>? received = null)
    {
        var plain = await Target.StartAsync(received: received);
        return new Ground(plain, await Target.StartAsync(tls: true));
    }

    /// <summary>The address for an input, so that all ways are taken in turn.</summary>
    public string AddressFor(int number) => (number % 3) switch
    {
        0 => Plain.Server.Address,
        1 => Plain.Local,
        _ => Secure.Server.Address,
    };

    /// <summary>What is wrong with the servers now; null: nothing.</summary>
    public async Task<string?> WrongAsync(CancellationToken patience) =>
        await Plain.WrongAsync(patience) ?? (await Secure.WrongAsync(patience) is { } wrong ? $"with TLS: {wrong}" : null);

    public async ValueTask DisposeAsync()
    {
        await Plain.DisposeAsync();
        await Secure.DisposeAsync();
    }
}
