using System.Reactive.Linq;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Supervision;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Logs;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hephaestus.Tests.Catalogue;

public sealed class LiveCatalogueTests
{
    [Fact]
    public void The_first_snapshot_is_whole_when_the_catalogue_opens()
    {
        using var folder = new RuleFolder();
        folder.Write("set", "plan");

        Assert.Equal(["set/plan"], folder.Open(RuleFolder.ByHints).Current.Names());
    }

    [Fact]
    public void A_rule_directory_that_is_missing_is_made()
    {
        using var folder = new RuleFolder();
        Directory.Delete(folder.Root);

        Assert.Empty(folder.Open(RuleFolder.ByHints).Current.Problems);
        Assert.True(Directory.Exists(folder.Root));
    }

    [Fact]
    public void A_rule_directory_that_is_a_file_is_refused()
    {
        using var folder = new RuleFolder();
        Directory.Delete(folder.Root);
        File.WriteAllText(folder.Root, "");

        Assert.ThrowsAny<IOException>(() => folder.Open(RuleFolder.ByHints));
    }

    /// <summary>However a new text comes into its place, the watcher's hint is enough.</summary>
    [Theory]
    [InlineData("cat ../new >set/plan.conf")]
    [InlineData("cp ../new set/.plan.conf.tmp; mv set/.plan.conf.tmp set/plan.conf")]
    [InlineData("cp ../new set/plan.tmp; mv set/plan.tmp set/plan.conf")]
    [InlineData("mv ../new set/plan.conf")]
    [InlineData("rm set/plan.conf; cp ../new set/plan.conf")]
    [InlineData("while read -r line; do echo \"$line\"; done <../new >set/plan.conf")]
    [InlineData("mkdir ../made; cp ../new ../made/plan.conf; rm -r set; mv ../made set")]
    [InlineData("mv set old; mkdir set; cp ../new set/plan.conf; rm -r old")]
    [InlineData("ln -s \"$PWD/../new\" set/link; mv -T set/link set/plan.conf")]
    public async Task A_save_is_seen(string script)
    {
        using var folder = new RuleFolder();
        folder.Write("set", "plan", RuleFolder.Plan("echo old"));
        File.WriteAllText(folder.Outside("new"), RuleFolder.Plan("echo new"));
        var catalogue = folder.Open(RuleFolder.ByHints);
        Assert.Equal("echo old", catalogue.Current.Command("set", "plan"));

        folder.Bash(script);

        await catalogue.Snapshots.UntilAsync(snapshot => snapshot.Command("set", "plan") == "echo new");
        await catalogue.Snapshots.UntilAsync(snapshot => snapshot.Sets.Count == 1);
    }

    [Theory]
    [InlineData("rm set/plan.conf")]
    [InlineData("mv set/plan.conf ..")]
    [InlineData("mv set/plan.conf set/plan.conf.bak")]
    [InlineData("mv set ..")]
    [InlineData("rm -r set")]
    public async Task What_goes_away_is_no_longer_listed(string script)
    {
        using var folder = new RuleFolder();
        folder.Write("set", "plan");
        var catalogue = folder.Open(RuleFolder.ByHints);

        folder.Bash(script);

        await catalogue.Snapshots.UntilAsync(snapshot => snapshot.Names().Length == 0);
    }

    [Fact]
    public async Task A_new_set_with_plans_is_seen_with_all_of_them()
    {
        using var folder = new RuleFolder();
        var catalogue = folder.Open(RuleFolder.ByHints);

        folder.Bash("mkdir new; for n in {1..300}; do echo \"<plan id='$n'></plan>\" >new/$n.conf; done");

        await catalogue.Snapshots.UntilAsync(snapshot => snapshot.Names().Length == 300);
        folder.Bash("echo later >new/301.conf");
        await catalogue.Snapshots.UntilAsync(snapshot => snapshot.Names().Length == 301);
    }

    [Fact]
    public async Task A_save_that_breaks_a_plan_leaves_nothing_of_its_older_form_to_run()
    {
        using var folder = new RuleFolder();
        var file = folder.Write("set", "plan", RuleFolder.Plan("echo old"));
        var catalogue = folder.Open(RuleFolder.ByHints);

        using (var half = new StreamWriter(file))
        {
            await half.WriteAsync("<plan id=\"p\"></plan>\n<step name=\"s\">\necho");
            await half.FlushAsync();
            var broken = await catalogue.Snapshots.UntilAsync(snapshot => snapshot.Command("set", "plan") is null);
            Assert.NotEmpty(broken.Find("set", "plan")!.Reading.Diagnostics);

            await half.WriteAsync(" new\n</step>\n");
        }

        await catalogue.Snapshots.UntilAsync(snapshot => snapshot.Command("set", "plan") == "echo new");
    }

    [Fact]
    public async Task A_plan_that_becomes_writable_by_everybody_is_refused_at_once()
    {
        using var folder = new RuleFolder();
        folder.Write("set", "plan");
        var catalogue = folder.Open(RuleFolder.ByHints);

        folder.Bash("chmod o+w set/plan.conf");
        await catalogue.Snapshots.UntilAsync(snapshot => snapshot.Command("set", "plan") is null);

        folder.Bash("chmod o-w set/plan.conf");
        await catalogue.Snapshots.UntilAsync(snapshot => snapshot.Command("set", "plan") is not null);
    }

    /// <summary>inotify tells nothing of these: only looking again finds them.</summary>
    [Theory]
    [InlineData("rm -r \"$PWD\"; mkdir -p \"$PWD/set\"; cp \"$PWD/../new\" \"$PWD/set/plan.conf\"")]
    [InlineData("mv \"$PWD\" \"$PWD/../moved\"; mkdir -p \"$PWD/set\"; cp \"$PWD/../new\" \"$PWD/set/plan.conf\"")]
    [InlineData("cp ../new ../real/linked.conf.tmp; mv ../real/linked.conf.tmp ../real/plan.conf")]
    [InlineData("cat ../new >../real/plan.conf")]
    [InlineData("mkdir ../v2; cp ../new ../v2/plan.conf; ln -s v2 ../next; mv -T ../next ../current")]
    public async Task What_inotify_does_not_tell_is_found_by_looking_again(string script)
    {
        using var folder = new RuleFolder();
        folder.Bash("mkdir ../real ../v1; ln -s real ../current; ln -s ../current set");
        File.WriteAllText(folder.Outside("real/plan.conf"), RuleFolder.Plan("echo old"));
        File.WriteAllText(folder.Outside("new"), RuleFolder.Plan("echo new"));
        var catalogue = folder.Open(RuleFolder.ByLooks);
        Assert.Equal("echo old", catalogue.Current.Command("set", "plan"));

        folder.Bash(script);

        await catalogue.Snapshots.UntilAsync(snapshot => snapshot.Command("set", "plan") == "echo new");
    }

    [Fact]
    public async Task A_file_behind_a_link_that_is_swapped_with_its_directory_is_found()
    {
        using var folder = new RuleFolder();
        folder.Write("set/..v1", "plan", RuleFolder.Plan("echo 1"));
        folder.Bash("ln -s ..v1 set/..data; ln -s ..data/plan.conf set/plan.conf");
        var catalogue = folder.Open(RuleFolder.ByLooks);
        Assert.Equal("echo 1", catalogue.Current.Command("set", "plan"));

        folder.Write("set/..v2", "plan", RuleFolder.Plan("echo 2"));
        folder.Bash("ln -s ..v2 set/..next; mv -T set/..next set/..data; rm -r set/..v1");

        var swapped = await catalogue.Snapshots.UntilAsync(snapshot => snapshot.Command("set", "plan") == "echo 2");
        Assert.Equal(["set/plan"], swapped.Names());
        Assert.Empty(swapped.Problems);
    }

    [Fact]
    public async Task A_root_that_goes_missing_is_an_empty_catalogue_and_is_not_made_again()
    {
        using var folder = new RuleFolder();
        folder.Write("set", "plan");
        var catalogue = folder.Open(RuleFolder.ByLooks);

        Directory.Delete(folder.Root, recursive: true);

        var gone = await catalogue.Snapshots.UntilAsync(snapshot => snapshot.Sets.Count == 0);
        Assert.Single(gone.Problems);
        Assert.False(Directory.Exists(folder.Root));
    }

    [Fact]
    public async Task A_directory_that_was_replaced_is_watched_again()
    {
        using var folder = new RuleFolder();
        var hints = new SemaphoreSlim(0);
        using var watch = new RuleDirectoryWatch(folder.Root, () => hints.Release(), NullLogger.Instance);
        watch.Arm(Status(folder.Root));
        Directory.Delete(folder.Root);
        watch.Arm(status: null);
        Directory.CreateDirectory(folder.Root);
        watch.Arm(Status(folder.Root));
        while (await hints.WaitAsync(TimeSpan.Zero))
        {
        }

        folder.Write("set", "plan");

        Assert.True(await hints.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task A_flood_of_changes_ends_with_what_is_on_the_disk()
    {
        using var folder = new RuleFolder();
        folder.Write("set", "start");
        var catalogue = folder.Open(RuleFolder.ByLooks);

        folder.Bash("for n in {1..3000}; do : >set/$n.conf; done; for n in {1..2990}; do rm set/$n.conf; done");

        await catalogue.Snapshots.UntilAsync(snapshot => snapshot.Names().Length == 11);
    }

    [Fact]
    public async Task A_disposed_catalogue_says_nothing_more_and_tells_its_watchers_that_it_ends()
    {
        using var folder = new RuleFolder();
        folder.Write("set", "plan");
        var catalogue = folder.Open(RuleFolder.ByHints);
        var ended = catalogue.Changes.LastAsync().GetAwaiter();

        catalogue.Dispose();
        folder.Write("set", "unseen");

        Assert.Equal(["set/plan"], (await Task.Run(() => ended.GetResult()).DefaultTimeout()).Names());
        Assert.Equal(["set/plan"], catalogue.Current.Names());
    }

    private static FileStatus? Status(string path) => Libc.Status(path, out var status) == 0 ? status : null;
}
