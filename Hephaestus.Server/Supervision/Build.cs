namespace Hephaestus.Server.Supervision;

/// <summary>Which build of the program this is: two of the same version can differ.</summary>
internal static class Build
{
    /// <summary>
    /// Follows from what was compiled (the build is deterministic); <c>HEPHAESTUS_BUILD</c> stands for another in tests.
    /// </summary>
    public static string Id { get; } = Environment.GetEnvironmentVariable("HEPHAESTUS_BUILD") is { Length: > 0 } set
        ? set
        : $"{CommandLine.ProgramVersion} {typeof(Build).Module.ModuleVersionId:N}";
}
