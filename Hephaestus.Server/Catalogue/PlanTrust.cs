using System.Collections.Immutable;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Catalogue;

/// <summary>How strictly plans are judged by who can change them.</summary>
internal enum TrustMode
{
    /// <summary>Those that everybody can change are not run; others' are warned of.</summary>
    Warn,

    /// <summary>Those of others are not run either.</summary>
    Strict,

    /// <summary>They are not judged.</summary>
    Off,
}

/// <summary>
/// Judges plans by who can change them: who can, runs commands as the server's user. Pure: what is judged is the status
/// of files and directories as they were found.
/// </summary>
/// <param name="Server">The server's own user.</param>
/// <param name="RuleOwner">Whom the rule directory belongs to: who may write plans at any rate.</param>
internal sealed record PlanTrust(TrustMode Mode, uint Server, uint RuleOwner = PlanTrust.Root)
{
    /// <summary>What is to be said where nothing is judged.</summary>
    public const string Off = "plan.trust = off: plans are run whoever can change them";

    private const uint Root = 0;

    /// <summary>That of this process.</summary>
    public static PlanTrust OfThisProcess(TrustMode mode) => new(mode, Libc.User());

    /// <summary>What is to be said of a plan's file.</summary>
    public ImmutableArray<Diagnostic> OfFile(string file, FileStatus status)
    {
        var open = Mode != TrustMode.Off && status.IsWritableByEverybody;
        ImmutableArray<Diagnostic> all = open ? [Error($"is writable by everybody; chmod o-w {Spelling.QuotePath(file)}")] : [];
        return Trusts(status.Owner) ? all : all.Add(Foreign("belongs", file, status));
    }

    /// <summary>What is to be said of every plan that is reached through these, each once.</summary>
    /// <param name="linked">By a symbolic link in the rule directory.</param>
    public ImmutableArray<Diagnostic> OfPassed(IEnumerable<PassedFile> passed, bool linked) =>
        [.. passed.SelectMany(each => OfPassed(each, linked)).Distinct()];

    private IEnumerable<Diagnostic> OfPassed(PassedFile passed, bool linked)
    {
        var how = (linked ? "leads" : "stands") + (passed.Holds ? linked ? " into" : " in" : " below");
        if (Mode != TrustMode.Off && IsOpen(passed))
        {
            var advice = $"chmod o-w {Spelling.QuotePath(passed.Path)}{(linked ? ", or keep the plan elsewhere" : "")}";
            yield return Error($"{how} a directory that is writable by everybody; {advice}");
        }

        if (!Trusts(passed.Status.Owner))
        {
            var what = passed.Status.IsLink ? "leads through a symbolic link" : $"{how} a directory";
            yield return Foreign($"{what} that belongs", passed.Path, passed.Status);
        }
    }

    /// <summary>
    /// Where the sticky bit is set, everybody can add files, but not put another in the place of one that is there: good
    /// enough for /tmp above all, not for where the name itself is looked up.
    /// </summary>
    private static bool IsOpen(PassedFile passed) =>
        passed.Status is { IsDirectory: true, IsWritableByEverybody: true } && (passed.Holds || !passed.Status.IsSticky);

    private bool Trusts(uint owner) => Mode == TrustMode.Off || owner == Root || owner == Server || owner == RuleOwner;

    private static Diagnostic Error(string message) => new(Severity.Error, 0, 0, message);

    private Diagnostic Foreign(string belongs, string path, FileStatus status) => new(
        Mode == TrustMode.Strict ? Severity.Error : Severity.Warning,
        0,
        0,
        $"{belongs} to the user {status.Owner}, neither root nor the server's user nor the owner of the rule directory"
        + $"{(Mode == TrustMode.Strict ? " (plan.trust = strict)" : "")}; chown root {Spelling.QuotePath(path)}");
}
