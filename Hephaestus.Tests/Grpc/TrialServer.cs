using System.Threading.Channels;
using Hephaestus.Tests.Configuration;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Grpc;

/// <summary>A running server of trial.proto.</summary>
internal abstract class TrialServer(TemporaryFolder folder) : IAsyncDisposable
{
    protected TemporaryFolder Folder => folder;

    protected abstract ChannelReader<string> Words { get; }

    public abstract TrialTarget At(Transport transport);

    /// <summary>Waits until a handler has said this; what was said before it is dropped.</summary>
    public async Task SaysAsync(string word)
    {
        while (await Words.ReadAsync().AsTask().DefaultTimeout() != word)
        {
        }
    }

    public virtual ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
