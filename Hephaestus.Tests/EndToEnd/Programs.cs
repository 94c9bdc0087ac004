using System.Runtime.CompilerServices;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>The programs under test: those in the directory HEPHAESTUS_BIN, or as built beside the tests.</summary>
internal static class Programs
{
    public static string Server { get; } = Find("hephaestus", "Hephaestus.Server");

    public static string Cli { get; } = Find("hephaestus-cli", "Hephaestus.Cli");

    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    private static string Find(string program, string project) =>
        Environment.GetEnvironmentVariable("HEPHAESTUS_BIN") is { Length: > 0 } published
            ? Path.Combine(published, program)
            : Path.Combine(FindRoot(), project, "bin", Configuration(), "net10.0", program);

    /// <summary>Debug or Release, as these tests were built.</summary>
    private static string Configuration() => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private static string FindRoot([CallerFilePath] string here = "") =>
        Ancestors(here).First(directory => File.Exists(Path.Combine(directory, "Hephaestus.sln")));

    private static IEnumerable<string> Ancestors(string path)
    {
        for (var directory = Path.GetDirectoryName(path); directory is not null; directory = Path.GetDirectoryName(directory))
        {
            yield return directory;
        }
    }
}
