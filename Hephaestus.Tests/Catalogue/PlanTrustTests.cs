using System.Globalization;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Supervision;
using Hephaestus.Tests.Supervision;

namespace Hephaestus.Tests.Catalogue;

/// <summary>Plans are judged by who can change them.</summary>
public sealed class PlanTrustTests
{
    /// <summary>PLANS, PARENT: the rule directory, the one above it.</summary>
    [Theory]
    [InlineData("chmod o+w set/plan.conf", "is writable by everybody; chmod o-w \"PLANS/set/plan.conf\"")]
    [InlineData("chmod o+w set", "stands in a directory that is writable by everybody; chmod o-w \"PLANS/set\"")]
    [InlineData("chmod 1777 set", "stands in a directory that is writable by everybody; chmod o-w \"PLANS/set\"")]
    [InlineData("chmod 1777 .", "stands in a directory that is writable by everybody; chmod o-w \"PLANS\"")]
    [InlineData("chmod o+w ..", "stands below a directory that is writable by everybody; chmod o-w \"PARENT\"")]
    [InlineData("chmod o+w set/plan.conf set", "stands in a directory that is writable by everybody; chmod o-w \"PLANS/set\"\n"
        + "is writable by everybody; chmod o-w \"PLANS/set/plan.conf\"")]
    [InlineData("mv set/plan.conf ../real; chmod o+w ../real; ln -s ../../real set/plan.conf", "is writable by everybody; chmod o-w \"PARENT/real\"")]
    [InlineData("mkdir ../out; chmod 1777 ../out; mv set/plan.conf ../out/x; ln -s ../../out/x set/plan.conf",
        "leads into a directory that is writable by everybody; chmod o-w \"PARENT/out\", or keep the plan elsewhere")]
    [InlineData("mkdir -p ../out/in; chmod o+w ../out; mv set/plan.conf ../out/in/x; ln -s \"$(realpath ..)/out/in/x\" set/plan.conf",
        "leads below a directory that is writable by everybody; chmod o-w \"PARENT/out\", or keep the plan elsewhere")]
    [InlineData("mkdir ../out; chmod o+w ../out; ln -s \"$PWD/set/real\" ../out/x; mv set/plan.conf set/real; ln -s ../../out/x set/plan.conf",
        "leads into a directory that is writable by everybody; chmod o-w \"PARENT/out\", or keep the plan elsewhere")]
    [InlineData("mv set ../out; chmod o+w ../out; ln -s ../out set",
        "leads into a directory that is writable by everybody; chmod o-w \"PARENT/out\", or keep the plan elsewhere")]
    public void A_plan_that_everybody_can_change_is_listed_and_not_run(string script, string complaints)
    {
        using var folder = new RuleFolder();
        folder.Write("set", "plan");
        folder.Bash(script);

        var exposed = folder.Scan(clock: new LaterClock());

        var parent = Path.GetDirectoryName(folder.Root)!;
        Assert.Equal(["set/plan"], exposed.Snapshot.Names());
        Assert.Null(exposed.Snapshot.Command("set", "plan"));
        Assert.Equal(
            complaints.Replace("PLANS", folder.Root, StringComparison.Ordinal).Replace("PARENT", parent, StringComparison.Ordinal),
            exposed.Snapshot.Complaints("set", "plan"));
        Assert.All(exposed.Snapshot.Find("set", "plan")!.Reading.Diagnostics, found => Assert.Equal(Severity.Error, found.Severity));
        folder.Bash("chmod o-w .. . set set/plan.conf; if test -d ../out; then chmod o-w ../out; fi");
        Assert.Equal("true", folder.Scan(exposed, new LaterClock()).Snapshot.Command("set", "plan"));
    }

    [Theory]
    [InlineData("chmod 1777 ..")]
    [InlineData("mkdir -p ../out/in; chmod 1777 ../out; mv set/plan.conf ../out/in/x; ln -s ../../out/in/x set/plan.conf")]
    [InlineData("mkdir ../out; chmod 1777 ../out; mv set ../out/set; ln -s ../out/set set")]
    [InlineData("chmod g+w set set/plan.conf . ..")]
    public void Sticky_directories_above_and_what_a_group_may_write_are_as_they_should_be(string script)
    {
        using var folder = new RuleFolder();
        folder.Write("set", "plan");
        folder.Bash(script);

        var scan = folder.Scan();

        Assert.Equal(("true", ""), (scan.Snapshot.Command("set", "plan"), scan.Snapshot.Complaints("set", "plan")));
    }

    [Fact]
    public void Only_the_plans_that_everybody_can_change_are_not_run()
    {
        using var folder = new RuleFolder();
        folder.Write("set", "open");
        folder.Write("set", "closed");
        folder.Write("other", "plan");
        folder.Bash("chmod o+w set/open.conf other");

        var snapshot = folder.Scan().Snapshot;

        Assert.Equal((null, "true", null), (snapshot.Command("set", "open"), snapshot.Command("set", "closed"), snapshot.Command("other", "plan")));
    }

    [Fact]
    public void Nothing_is_judged_where_that_is_switched_off()
    {
        using var folder = new RuleFolder { Trust = new PlanTrust(TrustMode.Off, Server: 4242) };
        folder.Write("set", "plan");
        folder.Bash("chmod o+w .. . set set/plan.conf; if test $EUID = 0; then chown 54321 .. set set/plan.conf; fi");

        var snapshot = folder.Scan().Snapshot;

        Assert.Equal(("true", ""), (snapshot.Command("set", "plan"), snapshot.Complaints("set", "plan")));
    }

    [RootFact]
    public void A_file_or_directory_of_a_stranger_is_a_warning_and_an_error_where_that_is_strict()
    {
        foreach (var (script, complaint) in new[]
        {
            ("chown 54321 set/plan.conf", "belongs to the user 54321, WHO; chown root \"PLANS/set/plan.conf\""),
            ("chown 54321 set", "stands in a directory that belongs to the user 54321, WHO; chown root \"PLANS/set\""),
            ("chown 54321 ..", "stands below a directory that belongs to the user 54321, WHO; chown root \"PARENT\""),
            ("mkdir ../out; mv set/plan.conf ../out/x; ln -s ../../out/x set/plan.conf; chown 54321 ../out",
                "leads into a directory that belongs to the user 54321, WHO; chown root \"PARENT/out\""),
            ("mv set/plan.conf set/x; ln -s x set/plan.conf; chown -h 54321 set/plan.conf",
                "leads through a symbolic link that belongs to the user 54321, WHO; chown root \"PLANS/set/plan.conf\""),
        })
        {
            foreach (var mode in new[] { TrustMode.Warn, TrustMode.Strict })
            {
                using var folder = new RuleFolder { Trust = PlanTrust.OfThisProcess(mode) };
                folder.Write("set", "plan");
                folder.Bash(script);

                var snapshot = folder.Scan().Snapshot;

                var strict = mode == TrustMode.Strict;
                var who = "neither root nor the server's user nor the owner of the rule directory" + (strict ? " (plan.trust = strict)" : "");
                Assert.Equal(
                    complaint.Replace("PLANS", folder.Root, StringComparison.Ordinal)
                        .Replace("PARENT", Path.GetDirectoryName(folder.Root), StringComparison.Ordinal)
                        .Replace("WHO", who, StringComparison.Ordinal),
                    snapshot.Complaints("set", "plan"));
                Assert.Equal(strict ? null : "true", snapshot.Command("set", "plan"));
            }
        }
    }

    [RootFact]
    public void The_owner_of_the_rule_directory_may_write_plans()
    {
        using var folder = new RuleFolder { Trust = PlanTrust.OfThisProcess(TrustMode.Strict) };
        folder.Write("set", "plan");
        folder.Bash("chown -R 54321 .");

        var snapshot = folder.Scan().Snapshot;

        Assert.Equal(("true", ""), (snapshot.Command("set", "plan"), snapshot.Complaints("set", "plan")));
    }

    /// <summary>Root or not: the rule directory is this process's own, and the server is said to be another user.</summary>
    [Fact]
    public void Owners_are_root_the_server_and_whom_the_rule_directory_belongs_to()
    {
        var trust = new PlanTrust(TrustMode.Strict, Server: 10, RuleOwner: 20);
        var status = new FileStatus(1, 1, 0b1000_000_110_100_100, 1, 1, 1, 1, Owner: 0);

        Assert.Equal([true, true, true, false], new uint[] { 0, 10, 20, 30 }.Select(owner => !trust.OfFile("/x", status with { Owner = owner }).Any()));
        Assert.Single((trust with { Mode = TrustMode.Warn }).OfFile("/x", status with { Owner = 30 }), found => found.Severity == Severity.Warning);
    }

    [Fact]
    public void A_path_is_followed_as_the_kernel_follows_it()
    {
        using var folder = new RuleFolder();
        folder.Bash("mkdir -p a/b c; echo x >c/file; ln -s ../c a/link; ln -s link/../c/./file a/through; ln -s \"$PWD/a/through\" far; ln -s loop loop");

        var walk = PathWalk.Of(folder.At("a", "b", "..", "..", "far"));

        Assert.Equal((0, folder.At("c", "file"), 2L), (walk.Error, walk.End, walk.Status.Size));
        Assert.Equal([folder.At("a"), folder.At("a", "b"), folder.At("c"), folder.At("far")], walk.Passed
            .Select(passed => passed.Path).Where(path => path.StartsWith(folder.Root + "/", StringComparison.Ordinal)
                && !path.Contains("link", StringComparison.Ordinal) && !path.Contains("through", StringComparison.Ordinal)).Distinct().Order());
        Assert.Equal([folder.At("a", "link"), folder.At("a", "through"), folder.At("far")], walk.Passed.Where(passed => passed.Status.IsLink).Select(passed => passed.Path).Order());
        Assert.Equal([folder.Root, folder.At("a"), folder.At("c")], walk.Passed.Where(passed => passed.Holds).Select(passed => passed.Path));
        Assert.Equal(Libc.TooManyLinks, PathWalk.Of(folder.At("loop")).Error);
        Assert.Equal(Libc.NotADirectory, PathWalk.Of(folder.At("c", "file", "x")).Error);
        Assert.Equal(Libc.NoSuchFile, PathWalk.Of(folder.At("no", "x")).Error);
    }

    /// <summary>The status is of the descriptor that is read: what was judged, or nothing, is read.</summary>
    [Theory]
    [InlineData("echo other >new; mv new plan.conf")]
    [InlineData("rm plan.conf; mkfifo plan.conf")]
    [InlineData("rm plan.conf; ln -s /etc/passwd plan.conf")]
    [InlineData("rm plan.conf; mkdir plan.conf")]
    [InlineData("rm plan.conf; ln -s /dev/zero plan.conf")]
    [InlineData("rm plan.conf")]
    public void A_file_that_another_takes_the_place_of_before_it_is_opened_is_not_run(string script)
    {
        using var folder = new RuleFolder();
        var file = folder.Write("set", "plan");
        Assert.Equal(0, Libc.LinkStatus(file, out var status));
        folder.Bash($"cd set; {script}");

        var read = PlanFile.Read(new PlanPath("set", "plan", file), new FoundFile(file, status, folder.Trust, []));

        Assert.Null(read.Entry.Reading.Plan);
        Assert.Null(read.Status);
        Assert.True(read.Entry.Text.IsEmpty);
        Assert.Contains("read", Assert.Single(read.Entry.Reading.Diagnostics).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rights_that_were_changed_between_the_look_and_the_opening_count()
    {
        using var folder = new RuleFolder();
        var file = folder.Write("set", "plan");
        Assert.Equal(0, Libc.LinkStatus(file, out var status));
        folder.Bash("chmod o+w set/plan.conf");

        var read = PlanFile.Read(new PlanPath("set", "plan", file), new FoundFile(file, status, folder.Trust, []));

        Assert.Null(read.Entry.Reading.Plan);
        Assert.StartsWith("is writable by everybody", Assert.Single(read.Trust).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_user_whom_the_server_cannot_become_is_an_error_where_the_name_stands()
    {
        const uint Stranger = 4242;
        using var folder = new RuleFolder { Trust = new PlanTrust(TrustMode.Warn, Stranger) };
        folder.Write("set", "plan", "<plan id=\"p\"></plan>\n<step name=\"a\" user=\"root\">true</step>\n<step name=\"b\"\n  user=\"no-such\">true</step>\n<step name=\"c\">true</step>\n");

        var entry = folder.Scan().Snapshot.Find("set", "plan")!;

        Assert.Null(entry.Reading.Plan);
        Assert.Equal(
            [
                $"{entry.File}:2:22: only a server that runs as root can run a step as another user, here 'root'",
                $"{entry.File}:4:9: only a server that runs as root can run a step as another user, here 'no-such'",
            ],
            entry.Reading.Diagnostics.Select(found => found.Format(entry.File)));
    }

    [Fact]
    public void The_servers_own_user_may_be_named_and_root_becomes_anybody()
    {
        const string Text = "<plan id=\"p\"></plan>\n<step name=\"a\" user=\"daemon\">true</step>\n";
        foreach (var server in new uint[] { 0, Libc.FindUser("daemon")!.User })
        {
            using var folder = new RuleFolder { Trust = new PlanTrust(TrustMode.Warn, server) };
            folder.Write("set", "plan", Text);

            Assert.Equal("true", folder.Scan().Snapshot.Command("set", "plan"));
        }
    }

    [Fact]
    public void No_more_such_steps_are_told_than_fit()
    {
        var steps = string.Concat(Enumerable.Range(0, 250).Select(n => string.Create(CultureInfo.InvariantCulture, $"<step name=\"{n}\" user=\"root\">true</step>\n")));
        var plan = PlanParser.Parse(System.Text.Encoding.UTF8.GetBytes("<plan id=\"p\"></plan>\n" + steps)).Plan;

        var told = UserCheck.Of(plan, server: 4242);

        Assert.Equal((Findings.Most + 1, "and 150 more like these"), (told.Length, told[^1].Message));
    }
}
