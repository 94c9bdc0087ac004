using System.Collections.Immutable;
using Hephaestus.Server.Facts;
using Hephaestus.Server.Plans;

namespace Hephaestus.Server.Catalogue;

/// <summary>
/// Looks at single plans for whoever runs them: since the catalogue's last look somebody may have changed one, or who can
/// change it.
/// </summary>
/// <param name="look">At one plan on the disk; null: there is none.</param>
/// <param name="snapshots">The catalogue's.</param>
/// <param name="hint">Tells the catalogue that something has changed.</param>
internal sealed class PlanLooks(Func<PlanKey, PlanFile?> look, Latest<CatalogueSnapshot> snapshots, Action hint)
{
    /// <summary>Plans that are looked at, or whose disk hangs, at once.</summary>
    private const int MostLooks = 4;

    /// <summary>How long a caller waits; more than <see cref="CatalogueTiming.AtLatest"/> and a scan.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>When it is looked again although the catalogue has found nothing new.</summary>
    private static readonly TimeSpan s_again = TimeSpan.FromSeconds(1);

    private readonly OwnThreads _threads = new(MostLooks, "plan look");

    /// <summary>
    /// A plan as it stands on the disk. A text that was changed is waited for until the catalogue has taken it in: what is
    /// just being written must not be run by halves.
    /// </summary>
    /// <returns>Null: there is none any more.</returns>
    /// <exception cref="TimeoutException">The disk does not answer, or the file does not come to rest, in 10 s.</exception>
    public Task<CatalogueEntry?> NowAsync(PlanKey key, CancellationToken cancellation) =>
        BoundedAsync(patience => RestingAsync(key, patience), cancellation);

    /// <summary>What is to be said against running an earlier text of a plan, by who can change it where it stands.</summary>
    /// <returns>Errors alone; none too where there is no such plan any more.</returns>
    /// <inheritdoc cref="NowAsync" path="/exception"/>
    public Task<ImmutableArray<Diagnostic>> DistrustAsync(PlanKey key, CancellationToken cancellation) =>
        BoundedAsync(async patience => Errors(await LookAsync(key, patience)), cancellation);

    private async Task<CatalogueEntry?> RestingAsync(PlanKey key, CancellationToken patience)
    {
        while (true)
        {
            var (snapshot, version) = snapshots.Current;
            var known = snapshot.Find(key.Set, key.Plan);
            var now = await LookAsync(key, patience);
            if (known is null || now is null || now.Entry.Text.Span.SequenceEqual(known.Text.Span))
            {
                return now?.Entry;
            }

            // What was changed and changed back leads to no other snapshot.
            hint();
            await snapshots.NextAsync(version, s_again, patience);
        }
    }

    private Task<PlanFile?> LookAsync(PlanKey key, CancellationToken patience) => _threads.RunAsync(() => look(key), patience);

    private static ImmutableArray<Diagnostic> Errors(PlanFile? file) =>
        [.. file?.Trust.Where(found => found.Severity == Severity.Error) ?? []];

    private static async Task<T> BoundedAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(s_patience);
        try
        {
            return await work(patience.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"the plan's file could not be read within {s_patience.TotalSeconds:0} s: "
                + "it is being changed, or its disk does not answer");
        }
    }
}
