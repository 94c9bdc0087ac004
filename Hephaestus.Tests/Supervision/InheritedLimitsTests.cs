using Hephaestus.Server.Supervision;

namespace Hephaestus.Tests.Supervision;

/// <summary>Which soft limit of open files a server was started with, though its runtime has raised it.</summary>
public sealed class InheritedLimitsTests
{
    [Theory]
    [InlineData("a shell's child has what the shell has", 4096, 77, 512, 4096, 512)]
    [InlineData("a hard limit of its own was set together with the soft one", 2048, 77, 512, 4096, 2048)]
    [InlineData("what systemd gives to a service", 524_288, 1, 1_073_741_816, 1_073_741_816, 1024)]
    [InlineData("LimitNOFILE= of a unit", 65_536, 1, 1_073_741_816, 1_073_741_816, 65_536)]
    [InlineData("left as init has it", 1_048_576, 1, 1_048_576, 1_048_576, 1024)]
    [InlineData("another user's parent", 524_288, 1, 0, 0, 1024)]
    [InlineData("the first process of a container", 1_048_576, 0, 0, 0, 1024)]
    [InlineData("few altogether", 256, 0, 0, 0, 256)]
    public void The_soft_limit_is_concluded(string why, int hard, int parent, int parentSoft, int parentHard, int expected) => Assert.Equal(
        (why, (ulong)expected),
        (why, InheritedLimits.OpenFiles(((ulong)hard, (ulong)hard), parent, ((ulong)parentSoft, (ulong)parentHard))));
}
