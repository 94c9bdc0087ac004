using Hephaestus.Server.Configuration;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// Whether control groups may be made, and where. To be able to write is not enough: root can write everywhere, and the
/// tree belongs to whoever manages it. Either the server's own control group bears the mark by which systemd says that
/// it is left to the service (<c>Delegate=yes</c>), or the operator names one.
/// </summary>
/// <param name="Directory">The control group that steps' own may be made in; null: none.</param>
/// <param name="Said">Whether and where they are, or why not; a line for the operator.</param>
/// <param name="IsFault">The configuration asks for what cannot be had.</param>
internal sealed record Delegation(string? Directory, string Said, bool IsFault)
{
    /// <summary>Newer ones of systemd set the second too; only root can read the first.</summary>
    private static readonly string[] s_marks = ["trusted.delegate", "user.delegate"];

    /// <summary>Looks, and makes nothing.</summary>
    public static Delegation Find(CgroupSetting setting)
    {
        try
        {
            return setting switch
            {
                { IsOff: true } => None("exec.cgroup is off"),
                { Directory: { } directory } => Named(directory),
                _ => OfThisProcess(),
            };
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return None(fault.Message);
        }
    }

    private static Delegation Named(string directory) => FaultOf(directory) is { } fault
        ? new(null, $"exec.cgroup: steps cannot have control groups below {directory}: {fault}", true)
        : Below(directory);

    private static Delegation OfThisProcess() => CgroupTree.Own() switch
    {
        null => None("this system has no control groups of version 2 that can be seen from here"),
        var own when !s_marks.Any(mark => Libc.Attribute(own, mark) == "1") =>
            None($"{own} is not delegated to this server (systemd: Delegate=yes)"),
        var own when FaultOf(own) is { } fault => None($"{own} is delegated, but {fault}"),
        var own => Below(own),
    };

    private static Delegation Below(string directory) =>
        new(directory, $"each step has a control group of its own below {directory}", false);

    private static Delegation None(string why) => new(null, $"steps have no control groups of their own: {why}", false);

    private static string? FaultOf(string directory) => directory switch
    {
        _ when !File.Exists(Path.Combine(directory, "cgroup.controllers")) => "it is no control group of version 2",
        _ when !Libc.MayWrite(directory) => "it cannot be written to",
        _ when CgroupTree.Own() is null => "this server's own control group cannot be seen from here",

        // Whoever moves a process needs both ends of the way, and the place where they part.
        _ when !Libc.MayWrite(Path.Combine(Parting(directory), "cgroup.procs")) =>
            $"processes of {Parting(directory)} cannot be moved",
        _ => null,
    };

    /// <summary>The deepest control group that holds both this process and the directory.</summary>
    private static string Parting(string directory)
    {
        var own = CgroupTree.Own() + "/";
        var common = directory;
        while (!own.StartsWith(common + "/", StringComparison.Ordinal) && Path.GetDirectoryName(common) is { Length: > 1 } above)
        {
            common = above;
        }

        return common;
    }
}
