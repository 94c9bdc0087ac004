namespace Hephaestus.Tests.Fuzz;

/// <summary>What is thrown at the programs once.</summary>
/// <param name="Number">From 1, within its area; with the seed it says all.</param>
internal sealed record Input(int Number, byte[] Bytes);

/// <summary>Something that must not be.</summary>
/// <param name="Inputs">Those that may have led to it.</param>
internal sealed record Failure(string What, IReadOnlyList<Input> Inputs);

/// <summary>A kind of input.</summary>
internal abstract class Area(string name, int batch)
{
    /// <summary>So long at most an answer may take; only a failure takes this long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public string Name { get; } = name;

    /// <summary>Inputs that are thrown before it is looked whether all is well.</summary>
    public int Batch { get; } = batch;

    /// <summary>An input; the same dice make the same one.</summary>
    public abstract byte[] Make(Chaos.Dice dice);

    /// <summary>Throws a batch; what was wrong about the answers.</summary>
    public abstract Task<IReadOnlyList<Failure>> ThrowAsync(IReadOnlyList<Input> inputs, Ground ground, CancellationToken patience);

    /// <summary>Throws each, some at once.</summary>
    /// <param name="wrong">What is wrong about the answer to one; null: nothing.</param>
#pragma warning disable CA1068 // CancellationToken parameters must come last: a lambda of some lines reads best there
    protected static async Task<IReadOnlyList<Failure>> EachAsync(
        IReadOnlyList<Input> inputs, int atOnce, CancellationToken patience, Func<Input, CancellationToken, Task<string?>> wrong)
#pragma warning restore CA1068
    {
        var failures = new System.Collections.Concurrent.ConcurrentQueue<Failure>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = patience };
        await Parallel.ForEachAsync(inputs, options, async (input, _) =>
        {
            using var late = CancellationTokenSource.CreateLinkedTokenSource(patience);
            late.CancelAfter(Patience);
            try
            {
                if (await wrong(input, late.Token) is { } what)
                {
                    failures.Enqueue(new Failure(what, [input]));
                }
            }
            catch (OperationCanceledException) when (!patience.IsCancellationRequested)
            {
                failures.Enqueue(new Failure($"no end within {Patience.TotalSeconds} s", [input]));
            }
        });
        return [.. failures];
    }
}
