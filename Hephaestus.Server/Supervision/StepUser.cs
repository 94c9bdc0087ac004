namespace Hephaestus.Server.Supervision;

/// <summary>The user that a step names, looked up and found fit to run it.</summary>
internal static class StepUser
{
    /// <summary>The account, or why the step cannot be run as it; neither, where the step names nobody.</summary>
    public static (Account? Account, string? Fault) Find(string? user)
    {
        if (user is null)
        {
            return (null, null);
        }

        try
        {
            return Libc.FindUser(user) switch
            {
                null => (null, $"there is no user '{user}' on this machine"),
                var account when account.User == Libc.User() => (account, null),
                _ when Libc.User() != 0 => (null, $"only a server that runs as root can run a step as another user, here '{user}'"),
                var account => (account, null),
            };
        }
        catch (IOException fault)
        {
            return (null, $"the user '{user}' cannot be looked up: {fault.Message}");
        }
    }
}
