using Grpc.Core;

namespace Hephaestus.Server.Access;

/// <summary>
/// What callers are told who may not: who they are taken for, what it takes, and where. Never whether something is there.
/// </summary>
internal static class AccessRefusals
{
    /// <summary>The caller may do nothing at all, and showed nothing.</summary>
    public static RpcException NothingShown(Caller caller, AccessRules rules) => Refuse(
        StatusCode.Unauthenticated,
        $"this server has to know who calls, and the call from {caller.Origin} does not show it; what can be shown: {Showable(rules)}");

    /// <summary>The caller lacks a role.</summary>
    public static RpcException Lacks(Caller caller, string method, Role role, Subject subject) => Refuse(
        StatusCode.PermissionDenied,
        $"{caller.Name} from {caller.Origin} may not call {Name(method)}{About(subject)}: that takes the role {RoleWords.Of(role)}{Where(subject)}");

    /// <summary>The call is in no table.</summary>
    public static RpcException NoRight(Caller caller, string method) => Refuse(
        StatusCode.PermissionDenied, $"{caller.Name} from {caller.Origin} may not call {Name(method)}: nobody may");

    /// <summary>A stream would tell something else if it began now. ABORTED asks for the whole to be done again.</summary>
    public static RpcException Changed() => Refuse(
        StatusCode.Aborted, "the rules of access have changed, and with them what this stream may tell: subscribe again");

    private static string Showable(AccessRules rules)
    {
        var grants = rules.Grants ?? [];
        string[] ways =
        [
            .. Way<Principal.Certificate>("a client certificate"),
            .. Way<Principal.Token>("a token (authorization: Bearer)"),
            "the user, at the server's unix socket",
        ];
        return string.Join(" or ", ways);

        IEnumerable<string> Way<T>(string what)
            where T : Principal => grants.Any(grant => grant.Principal is T) ? [what] : [];
    }

    private static string Name(string method) => method[(method.LastIndexOf('/') + 1)..];

    private static string About(Subject subject) => subject switch
    {
        Subject.PlanSet(var name) => $" for the plan set {Plans.Spelling.Quote(name)}",
        Subject.Execution(var id) => $" for execution {id}",
        _ => "",
    };

    private static string Where(Subject subject) => subject switch
    {
        Subject.PlanSet => " there",
        Subject.Execution => " in its plan set",
        Subject.WholeServer => " for the whole server",
        _ => " in some plan set",
    };

    private static RpcException Refuse(StatusCode code, string text) => new(new Status(code, text));
}
