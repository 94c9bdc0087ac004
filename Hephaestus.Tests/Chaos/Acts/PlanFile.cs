using Hephaestus.Tests.Chaos.Plans;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Chaos.Acts;

/// <summary>A plan's file over time: which of its texts the server can have.</summary>
internal sealed class PlanFile(ServerHome home, ChaosPlan first)
{
    private readonly List<ChaosPlan> _written = [first];
    private int _known;

    /// <summary>From here on the texts may be what a request that is made now meets.</summary>
    public int Oldest => Volatile.Read(ref _known);

    /// <summary>The texts, from a position on, that the server may have had until now.</summary>
    public IReadOnlyList<ChaosPlan> Since(int oldest)
    {
        lock (_written)
        {
            return _written[oldest..];
        }
    }

    public void WriteFirst() => home.Plan(ChaosPlan.Set, first.Name, first.Text);

    public void Write(ChaosPlan text)
    {
        lock (_written)
        {
            _written.Add(text);
        }

        home.Plan(ChaosPlan.Set, text.Name, text.Text);
    }

    /// <summary>The server has told that it has the newest text.</summary>
    public void IsKnown()
    {
        lock (_written)
        {
            Volatile.Write(ref _known, _written.Count - 1);
        }
    }
}
