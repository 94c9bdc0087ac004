namespace Grpc.AspNetCore.Server;

/// <summary>Something that serves one call, and whether it was made for it.</summary>
internal readonly record struct Activated<T>(T Instance, bool IsOwned) : IAsyncDisposable where T : class
{
    public ValueTask DisposeAsync()
    {
        switch (Instance)
        {
            case IAsyncDisposable disposable when IsOwned:
                return disposable.DisposeAsync();
            case IDisposable disposable when IsOwned:
                disposable.Dispose();
                return ValueTask.CompletedTask;
            default:
                return ValueTask.CompletedTask;
        }
    }
}
