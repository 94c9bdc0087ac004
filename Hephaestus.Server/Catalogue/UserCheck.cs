using System.Collections.Immutable;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Catalogue;

/// <summary>
/// Tells of steps that name a user whom a server that is not root can never become: better where the plan is shown than
/// when it runs.
/// </summary>
internal static class UserCheck
{
    /// <param name="plan">Null: nothing is to be said.</param>
    /// <param name="server">The user whom the server runs as.</param>
    public static ImmutableArray<Diagnostic> Of(Plan? plan, uint server)
    {
        if (plan is null || server == 0)
        {
            return [];
        }

        var others = plan.Steps.Select(step => step.User).OfType<string>().Distinct(StringComparer.Ordinal)
            .Where(user => IsOther(user, server)).ToHashSet(StringComparer.Ordinal);
        var steps = plan.Steps.Where(step => step.User is { } user && others.Contains(user)).ToArray();
        var told = steps.Take(Findings.Most).Select(step => Error(step.UserAt, Account.NeedsRoot(step.User!)));
        var more = steps.Length - Findings.Most;
        return more <= 0 ? [.. told] : [.. told, Error(default, $"and {more} more like these")];
    }

    /// <summary>What cannot be looked up now may be the server's own by the time of the run.</summary>
    private static bool IsOther(string user, uint server)
    {
        try
        {
            return Libc.FindUser(user)?.User != server;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static Diagnostic Error(TextPosition at, string message) => new(Severity.Error, at.Line, at.Column, message);
}
