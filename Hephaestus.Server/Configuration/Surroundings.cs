namespace Hephaestus.Server.Configuration;

/// <summary>What the defaults depend on.</summary>
/// <param name="IsRoot">Runs as root.</param>
/// <param name="StateHome">XDG_STATE_HOME; null: not set.</param>
/// <param name="Home">The user's home directory; null: none.</param>
/// <param name="WorkingDirectory">What relative paths begin at.</param>
internal sealed record Surroundings(bool IsRoot, string? StateHome, string? Home, string WorkingDirectory)
{
    /// <summary>Those of this process.</summary>
    public static Surroundings OfThisProcess() => new(
        Environment.IsPrivilegedProcess,
        Environment.GetEnvironmentVariable("XDG_STATE_HOME"),
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
        Directory.GetCurrentDirectory());

    /// <summary>Where the state lies when nothing says otherwise; null: there is no place.</summary>
    public string? StateDirectory => (IsRoot, StateHome, Home) switch
    {
        (true, _, _) => "/var/lib/hephaestus",
        // The XDG specification: a path that is not absolute is to be ignored.
        (_, ['/', ..], _) => Path.Combine(StateHome, "hephaestus"),
        (_, _, ['/', ..]) => Path.Combine(Home, ".local/state/hephaestus"),
        _ => null,
    };

    /// <summary>The path from the root on.</summary>
    public string Absolute(string path) => Path.GetFullPath(path, WorkingDirectory);
}
