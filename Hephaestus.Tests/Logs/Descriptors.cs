namespace Hephaestus.Tests.Logs;

/// <summary>What this process holds open.</summary>
internal static class Descriptors
{
    /// <summary>The files below a directory that are open, each as often as it is.</summary>
    public static string[] Below(string directory) =>
        [.. Directory.GetFiles("/proc/self/fd").Select(Target).Where(path => IsBelow(directory, path))];

    private static bool IsBelow(string directory, string path) => path.StartsWith(directory + "/", StringComparison.Ordinal);

    private static string Target(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.FullName ?? "";
        }
        catch (IOException)
        {
            // Closed meanwhile, by another test.
            return "";
        }
    }
}
