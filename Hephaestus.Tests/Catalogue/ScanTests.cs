using System.Text;
using Hephaestus.Server.Catalogue;

namespace Hephaestus.Tests.Catalogue;

public sealed class ScanTests
{
    [Fact]
    public void Sets_are_directories_and_plans_their_files_that_end_in_conf()
    {
        using var folder = new RuleFolder();
        folder.Write("test#2", "deploy.to.prod");
        folder.Write("test#2", "b");
        folder.Write("Ä", "plan");
        folder.Bash("mkdir empty deep deep/er; echo x >test#2/notes.txt; echo x >top.conf; cp test#2/b.conf deep/er/c.conf");

        var snapshot = folder.Scan().Snapshot;

        Assert.Equal(["test#2/b", "test#2/deploy.to.prod", "Ä/plan"], snapshot.Names());
        Assert.Equal(["deep", "empty", "test#2", "Ä"], snapshot.Sets.Keys);
        Assert.Empty(snapshot.Problems);
        var entry = snapshot.Find("test#2", "b")!;
        Assert.Equal(folder.At("test#2", "b.conf"), entry.File);
        Assert.Equal(RuleFolder.Plan(), Encoding.UTF8.GetString(entry.Text.Span));
        Assert.Equal(File.GetLastWriteTimeUtc(entry.File), entry.Modified.UtcDateTime);
    }

    [Fact]
    public void A_broken_plan_stands_in_its_place_with_everything_that_is_wrong()
    {
        using var folder = new RuleFolder();
        const string Broken = "<plan id=\"p\"></plan>\n<step name=\"a\" parent=\"b\">\ntrue\n</step>\n<step>\ntrue\n</step>\n";
        folder.Write("set", "broken", Broken);
        folder.Write("set", "sound");

        var snapshot = folder.Scan().Snapshot;

        Assert.Equal(["set/broken", "set/sound"], snapshot.Names());
        Assert.Null(snapshot.Find("set", "broken")!.Reading.Plan);
        Assert.Equal(2, snapshot.Find("set", "broken")!.Reading.Diagnostics.Length);
        Assert.NotNull(snapshot.Command("set", "sound"));
    }

    [Theory]
    [InlineData("mkdir set/plan.conf", "is a directory, not a file")]
    [InlineData("mkfifo set/plan.conf", "is not a regular file")]
    [InlineData("ln -s /dev/zero set/plan.conf", "is not a regular file")]
    [InlineData("ln -s nowhere set/plan.conf", "is a symbolic link that leads nowhere")]
    [InlineData("ln -s plan.conf set/plan.conf", "cannot be read: ")]
    [InlineData("ln -s other.conf/x set/plan.conf", "cannot be read: ")]
    [InlineData("head -c 1100000 /dev/zero >set/plan.conf", "the file is larger than 1 MiB")]
    [InlineData(": >set/plan.conf", "plan")]
    public void A_file_that_is_no_plan_is_an_entry_that_says_so_and_holds_up_nothing(string script, string complaint)
    {
        using var folder = new RuleFolder();
        folder.Write("set", "other");
        folder.Bash(script);

        var scan = folder.Scan();

        Assert.Equal(["set/other", "set/plan"], scan.Snapshot.Names());
        Assert.Null(scan.Snapshot.Find("set", "plan")!.Reading.Plan);
        Assert.Contains(complaint, scan.Snapshot.Complaints("set", "plan"), StringComparison.Ordinal);
        Assert.Same(scan.Snapshot, folder.Scan(scan).Snapshot);
    }

    [Fact]
    public void Names_that_no_plan_can_have_are_told_and_left_out()
    {
        using var folder = new RuleFolder();
        folder.Write("set", "good");
        folder.Bash("""
            cp set/good.conf $'set/not-utf8-\xff.conf'
            cp set/good.conf set/a..b.conf
            cp set/good.conf $'set/new\nline.conf'
            cp set/good.conf set/.hidden.conf
            cp set/good.conf set/.conf
            mkdir $'bad-\xc3' x..y .git
            """);

        var snapshot = folder.Scan().Snapshot;

        // What .NET cannot name it cannot remove.
        folder.Bash("rm -r -- *");
        Assert.Equal(["set/good"], snapshot.Names());
        Assert.Equal(["set"], snapshot.Sets.Keys);
        Assert.Equal(
            ["be UTF-8", "not hold two dots in a row", "not hold two dots in a row", "not hold control characters", "be UTF-8"],
            snapshot.Problems.Select(problem => problem.Message.Split("its name must ")[^1]));
        Assert.DoesNotContain(snapshot.Problems, problem => problem.Message.Any(char.IsControl));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData(".", "dot")]
    [InlineData("..", "dot")]
    [InlineData(".hidden", "dot")]
    [InlineData("a/b", "slash")]
    [InlineData("a..b", "two dots")]
    [InlineData("a\0b", "control")]
    [InlineData("a\nb", "control")]
    [InlineData("a\uFFFDb", "UTF-8")]
    public void A_name_that_is_asked_for_is_refused_with_the_reason(string name, string reason) =>
        Assert.Contains(reason, PlanNames.Refusal("set", name), StringComparison.Ordinal);

    [Fact]
    public void A_name_that_no_file_can_have_is_refused_and_not_repeated_whole()
    {
        Assert.Null(PlanNames.Refusal("plan", new string('x', 255)));
        Assert.InRange(PlanNames.Refusal("plan", new string('x', 100_000))?.Length ?? 0, 1, 300);
        Assert.Contains("255 bytes", PlanNames.Refusal("set", new string('ü', 128)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("test#2")]
    [InlineData("deploy.to.prod")]
    [InlineData("Ä ö")]
    public void Any_other_name_is_a_name(string name) => Assert.Null(PlanNames.Refusal("plan", name));

    [Theory]
    [InlineData("rm -r \"$PWD\"")]
    [InlineData("rm -r \"$PWD\"; touch \"$PWD\"")]
    public void A_root_that_is_gone_is_an_empty_catalogue_that_says_why(string script)
    {
        using var folder = new RuleFolder();
        folder.Write("set", "plan");
        var before = folder.Scan();
        folder.Bash(script);

        var after = folder.Scan(before);

        Assert.Empty(after.Snapshot.Sets);
        Assert.Equal(folder.Root, Assert.Single(after.Snapshot.Problems).Path);
        Assert.Same(after, folder.Scan(after));
    }

    /// <summary>Nothing keeps root out: for root these are as any other.</summary>
    [Fact]
    public void What_may_not_be_read_is_told()
    {
        using var folder = new RuleFolder();
        folder.Write("closed", "plan");
        folder.Write("open", "closed");
        folder.Bash("chmod 0 closed open/closed.conf");

        var snapshot = folder.Scan().Snapshot;

        folder.Bash("chmod 700 closed");
        string[] closed = Environment.IsPrivilegedProcess ? [] : [folder.At("closed")];
        Assert.Equal(closed, snapshot.Problems.Select(problem => problem.Path));
        Assert.Equal(Environment.IsPrivilegedProcess ? ["closed/plan", "open/closed"] : ["open/closed"], snapshot.Names());
        Assert.Equal(Environment.IsPrivilegedProcess, snapshot.Command("open", "closed") is not null);
    }

    [Fact]
    public void A_look_at_what_has_not_changed_gives_the_same_objects()
    {
        using var folder = new RuleFolder();
        folder.Write("one", "a");
        folder.Write("two", "b");
        var unsettled = folder.Scan();
        Assert.Same(unsettled.Snapshot, folder.Scan(unsettled).Snapshot);

        var settled = folder.Scan(unsettled, new LaterClock());
        Assert.Same(settled, folder.Scan(settled, new LaterClock()));

        folder.Write("two", "b", RuleFolder.Plan("false"));
        var changed = folder.Scan(settled, new LaterClock()).Snapshot;
        Assert.Same(settled.Snapshot.Sets["one"], changed.Sets["one"]);
        Assert.Equal("false", changed.Command("two", "b"));
    }

    [Fact]
    public void A_change_within_one_tick_of_the_clock_that_leaves_the_size_is_seen()
    {
        using var folder = new RuleFolder();
        var scan = folder.Scan();
        for (var n = 0; n < 200; n++)
        {
            folder.Write("set", "plan", RuleFolder.Plan($"echo {n:000}"));
            scan = folder.Scan(scan);
            Assert.Equal($"echo {n:000}", scan.Snapshot.Command("set", "plan"));
        }
    }

    [Fact]
    public void A_time_that_was_set_back_hides_no_change()
    {
        using var folder = new RuleFolder();
        var file = folder.Write("set", "plan", RuleFolder.Plan("echo 1"));
        var time = File.GetLastWriteTimeUtc(file);
        var scan = folder.Scan(clock: new LaterClock());

        folder.Write("set", "plan", RuleFolder.Plan("echo 2"));
        File.SetLastWriteTimeUtc(file, time);

        Assert.Equal("echo 2", folder.Scan(scan, new LaterClock()).Snapshot.Command("set", "plan"));
    }

    [Fact]
    public void No_more_problems_are_told_than_fit()
    {
        using var folder = new RuleFolder();
        folder.Bash($"mkdir a..{{1..{CatalogueScan.MostProblems + 50}}}");

        Assert.Equal(CatalogueScan.MostProblems, folder.Scan().Snapshot.Problems.Length);
    }
}
