using System.Collections.Concurrent;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>What was found to be wrong in a round.</summary>
internal sealed class Failures
{
    private readonly ConcurrentQueue<string> _found = new();

    public IReadOnlyCollection<string> Found => _found;

    public void Add(string failure) => _found.Enqueue(failure);

    public void Unless(bool isSo, string failure)
    {
        if (!isSo)
        {
            Add(failure);
        }
    }
}
