using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Cli;

/// <summary>A FIFO at which a step waits until the test lets it go on.</summary>
internal sealed class Gate
{
    public Gate(string directory, string name)
    {
        Path = System.IO.Path.Combine(directory, name);
        using var made = System.Diagnostics.Process.Start("mkfifo", [Path]);
        made.WaitForExit();
    }

    public string Path { get; }

    /// <summary>What a step waits with.</summary>
    public string Wait => $"read -r _ < '{Path}'";

    /// <summary>Lets one waiting step go on; waits until one waits.</summary>
    public async Task OpenAsync() => await Task.Run(() => File.WriteAllText(Path, "\n")).DefaultTimeout();
}
