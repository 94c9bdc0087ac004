using Hephaestus.Server.Supervision;

namespace Hephaestus.Tests.Supervision;

/// <summary>Where a process is among the control groups, by the texts of proc(5).</summary>
public sealed class CgroupTreeTests
{
    private const string Hybrid =
        """
        23 1 0:21 / /sys rw,nosuid - sysfs sysfs rw
        40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 master:1 - cgroup2 cgroup2 rw
        """;

    [Theory]
    [InlineData("0::/", "/sys/fs/cgroup/unified")]
    [InlineData("4:memory:/a\n0::/system.slice/hephaestus.service\n", "/sys/fs/cgroup/unified/system.slice/hephaestus.service")]
    [InlineData("0::/../other", null)]
    [InlineData("4:memory:/a\n1:name=systemd:/b\n", null)]
    [InlineData("", null)]
    public void A_process_is_found_in_the_hybrid_mode(string cgroup, string? expected) =>
        Assert.Equal(expected, CgroupTree.Own(Hybrid, cgroup));

    [Theory]
    [InlineData("/", "0::/a", "/sys/fs/cgroup/a")]
    [InlineData("/a", "0::/a/b", "/sys/fs/cgroup/b")]
    [InlineData("/a", "0::/a", "/sys/fs/cgroup")]
    [InlineData("/a", "0::/ab", null)]
    [InlineData("/../..", "0::/a", null)]
    public void A_mount_may_show_a_part_of_the_tree(string root, string cgroup, string? expected) =>
        Assert.Equal(expected, CgroupTree.Own($"30 23 0:26 {root} /sys/fs/cgroup rw - cgroup2 cgroup2 rw", cgroup));

    [Fact]
    public void A_mount_point_may_have_blanks() =>
        Assert.Equal("/my groups/a", CgroupTree.Own("30 23 0:26 / /my\\040groups rw - cgroup2 cgroup2 rw", "0::/a"));

    [Theory]
    [InlineData("")]
    [InlineData("30 23 0:26 / /sys/fs/cgroup rw - cgroup2")]
    [InlineData("- cgroup2")]
    [InlineData("30 23 0:26 / /sys/fs/cgroup rw -")]
    public void What_is_no_list_of_mounts_shows_nothing_or_a_mount(string mountinfo) =>
        Assert.True(CgroupTree.Own(mountinfo, "0::/") is null or "/sys/fs/cgroup");
}
