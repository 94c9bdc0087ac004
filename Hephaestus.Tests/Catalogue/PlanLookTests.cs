using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Facts;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Catalogue;

/// <summary>A plan is looked at again by whoever runs it.</summary>
public sealed class PlanLookTests : IDisposable
{
    private static readonly PlanKey s_key = new("set", "plan");

    private readonly RuleFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_text_that_was_changed_is_waited_for_until_the_catalogue_has_it()
    {
        var (before, after) = (Scanned("echo 1"), Scanned("echo 2"));
        var snapshots = new Latest<CatalogueSnapshot>(before.Snapshot);
        var hinted = new TaskCompletionSource();
        var looks = new PlanLooks(_ => FileOf(after), snapshots, () => hinted.TrySetResult());

        var now = looks.NowAsync(s_key, CancellationToken.None);
        await hinted.Task.DefaultTimeout();
        Assert.False(now.IsCompleted);
        snapshots.Set(after.Snapshot);

        Assert.Equal("echo 2", (await now.DefaultTimeout())!.Reading.Plan!.Steps[0].Command);
    }

    [Fact]
    public async Task A_text_that_was_changed_and_changed_back_is_waited_for_no_longer()
    {
        var (before, between) = (Scanned("echo 1"), Scanned("echo 2"));
        var looked = 0;
        var looks = new PlanLooks(
            _ => FileOf(looked++ == 0 ? between : before), new Latest<CatalogueSnapshot>(before.Snapshot), () => { });

        var now = await looks.NowAsync(s_key, CancellationToken.None).DefaultTimeout();

        Assert.Same(before.Snapshot.Find("set", "plan"), now);
    }

    [Fact]
    public async Task The_same_text_under_other_rights_is_judged_at_once()
    {
        var before = Scanned("echo 1");
        _folder.Bash("chmod o+w set");
        var looks = new PlanLooks(_ => FileOf(_folder.Scan()), new Latest<CatalogueSnapshot>(before.Snapshot), () => Assert.Fail("The text is the same."));

        var now = await looks.NowAsync(s_key, CancellationToken.None).DefaultTimeout();
        var distrust = await looks.DistrustAsync(s_key, CancellationToken.None).DefaultTimeout();

        Assert.Null(now!.Reading.Plan);
        Assert.Equal(now.Reading.Diagnostics.AsEnumerable(), distrust);
        Assert.Single(distrust);
    }

    [Fact]
    public async Task A_plan_that_has_gone_is_none_and_nothing_is_said_against_its_earlier_text()
    {
        var looks = new PlanLooks(_ => null, new Latest<CatalogueSnapshot>(Scanned("true").Snapshot), () => { });

        Assert.Null(await looks.NowAsync(s_key, CancellationToken.None).DefaultTimeout());
        Assert.Empty(await looks.DistrustAsync(s_key, CancellationToken.None).DefaultTimeout());
    }

    [Fact]
    public async Task A_disk_that_hangs_holds_up_a_few_threads_and_no_caller_for_ever()
    {
        using var answers = new ManualResetEventSlim();
        var asked = 0;
        using var all = new CountdownEvent(4);
        var looks = new PlanLooks(Hang, new Latest<CatalogueSnapshot>(CatalogueSnapshot.Empty), () => { });
        Task<CatalogueEntry?>[] waiting = [.. Enumerable.Range(0, 20).Select(_ => looks.NowAsync(s_key, CancellationToken.None))];
        Assert.True(all.Wait(Timeouts.Default));

        var told = await Assert.ThrowsAsync<TimeoutException>(() => looks.NowAsync(s_key, CancellationToken.None).DefaultTimeout());

        Assert.Equal("the plan's file could not be read within 10 s: it is being changed, or its disk does not answer", told.Message);
        await Assert.ThrowsAsync<TimeoutException>(() => Task.WhenAll(waiting).DefaultTimeout());
        Assert.Equal(4, asked);
        answers.Set();
        Assert.Null(await looks.NowAsync(s_key, CancellationToken.None).DefaultTimeout());

        PlanFile? Hang(PlanKey key)
        {
            if (Interlocked.Increment(ref asked) <= 4)
            {
                all.Signal();
            }

            answers.Wait();
            return null;
        }
    }

    private CatalogueScan Scanned(string command)
    {
        _folder.Write("set", "plan", RuleFolder.Plan(command));
        return _folder.Scan();
    }

    private static PlanFile? FileOf(CatalogueScan scan) => scan.Sets["set"].Files["plan"];
}
