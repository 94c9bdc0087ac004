namespace Hephaestus.Server.Steps;

/// <summary>The shell that runs steps: bash, found once, so that a changed PATH cannot put another in its place.</summary>
internal static class Shell
{
    public static string Path { get; } =
        new[] { "/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash" }.FirstOrDefault(File.Exists) ?? "/bin/bash";
}
