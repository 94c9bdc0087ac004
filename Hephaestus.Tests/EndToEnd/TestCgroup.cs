using System.Runtime.InteropServices;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>
/// A control group for one test, where this machine lets the tests make one; then it is killed and removed with all that
/// is in it. Where it does not, <see cref="Directory"/> is null, and a server must say that it does without.
/// </summary>
internal sealed partial class TestCgroup : IDisposable
{
    private TestCgroup(string? directory) => Directory = directory;

    /// <summary>Null: none can be made here.</summary>
    public string? Directory { get; }

    /// <summary>The line of main.conf.</summary>
    public string Setting => $"exec.cgroup = {Directory ?? "auto"}";

    /// <summary>What the server says of it at its start.</summary>
    public string Said => Directory is null
        ? "steps have no control groups of their own: "
        : $"each step has a control group of its own below {Directory}";

    /// <summary>By what a cancelled step's log says that nothing is left.</summary>
    public string Evidence => Directory is null ? "looked for below the supervisor" : "its control group is empty";

    /// <summary>How many control groups the servers have made in it: one for each state directory, below that the attempts'.</summary>
    public string[] Attempts => Directory is null
        ? []
        : [.. System.IO.Directory.GetDirectories(Directory, "hephaestus-*").SelectMany(System.IO.Directory.GetDirectories)];

    public static TestCgroup Make()
    {
        try
        {
            var directory = Path.Combine(CgroupTree.Own() ?? "/nowhere", $"hephaestus-test-{Guid.NewGuid():N}");
            System.IO.Directory.CreateDirectory(directory);
            return new TestCgroup(File.Exists(Path.Combine(directory, "cgroup.kill")) ? directory : null);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return new TestCgroup(null);
        }
    }

    /// <summary>Sets or removes the mark by which systemd says that it is delegated.</summary>
    public void Mark(string value) =>
        Assert.Equal(0, SetAttribute(Directory!, "user.delegate", System.Text.Encoding.ASCII.GetBytes(value), value.Length, 0));

    public void Dispose()
    {
        if (Directory is not null)
        {
            var cgroup = new StepCgroup(Directory);
            cgroup.Kill();
            Assert.True(SpinWait.SpinUntil(cgroup.TryRemove, Timeouts.Default), $"{Directory} has processes");
        }
    }

    [LibraryImport("libc", EntryPoint = "setxattr", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetAttribute(string path, string name, byte[] value, nint size, int flags);
}
