using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Hephaestus.Server.Facts;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// Tells what would keep a process from being started as a user in a directory. It looks as that user, each time by a
/// thread of its own: users and directories may lie on a machine that does not answer. At most
/// <see cref="MostThreads"/> look at once, and nobody waits longer than <see cref="Patience"/> for them.
/// </summary>
internal sealed class SpawnCheck
{
    /// <summary>Threads that look, or hang, at once; all others wait for them.</summary>
    public const int MostThreads = 4;

    /// <summary>How long one answer may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly OwnThreads _threads = new(MostThreads, "spawn check");

    /// <summary>What is to be said of each place; null: it cannot be told in time.</summary>
    /// <param name="program">What is to be started: an absolute path.</param>
    public async Task<IReadOnlyDictionary<SpawnPlace, SpawnOutlook>?> LookAsync(
        string program, IEnumerable<SpawnPlace> places, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        var outlooks = new Dictionary<SpawnPlace, SpawnOutlook>();
        try
        {
            foreach (var ofUser in places.Distinct().GroupBy(place => place.User))
            {
                ImmutableArray<SpawnPlace> ofThisUser = [.. ofUser];
                foreach (var (place, outlook) in await _threads.RunAsync(() => OutlookOf(program, ofUser.Key, ofThisUser), patience.Token))
                {
                    outlooks[place] = outlook;
                }
            }

            return outlooks;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>For a thread that ends after it.</summary>
    private static (SpawnPlace Place, SpawnOutlook Outlook)[] OutlookOf(string program, string? user, ImmutableArray<SpawnPlace> places)
    {
        var (account, fault) = Account.Of(user);
        if (fault is null && account is not null && account.User != Libc.User() && !Libc.LookAs(account))
        {
            fault = $"this server may not become the user '{user}': it lacks the capabilities CAP_SETUID and CAP_SETGID";
        }

        if (fault is not null)
        {
            return [.. places.Select(place => (place, new SpawnOutlook(null, fault, null, null, null)))];
        }

        var refused = Libc.MayRun(program) ? null : $"{program} is missing, or may not be run";
        var home = account is null ? null : Obstacle(account.Home);
        return [.. places.Select(place => (place, new SpawnOutlook(account, null, Obstacle(place.Directory), home, refused)))];
    }

    private static DirectoryObstacle? Obstacle(string? directory) => directory is null
        ? null
        : Libc.Enter(directory) switch
        {
            0 => null,
            Libc.NoSuchFile => new DirectoryObstacle("does not exist", "", IsMissing: true),
            Libc.NotADirectory => new DirectoryObstacle("is not a directory", "", IsMissing: false),
            var error => new DirectoryObstacle("cannot be entered", Marshal.GetPInvokeErrorMessage(error), IsMissing: false),
        };
}

/// <summary>Where a process would be started.</summary>
/// <param name="User">Null: the server's own.</param>
/// <param name="Directory">Null: the server's own.</param>
internal readonly record struct SpawnPlace(string? User, string? Directory);

/// <summary>What would keep a process from being started; each is null where nothing does.</summary>
/// <param name="Account">Whose process it would be; null: the server's own.</param>
/// <param name="UserFault">Why it cannot be that user's; nothing else is known then.</param>
/// <param name="Home">What is wrong with the user's home directory, which keeps nothing from being started.</param>
internal sealed record SpawnOutlook(
    Account? Account, string? UserFault, DirectoryObstacle? Directory, DirectoryObstacle? Home, string? ProgramFault);

/// <summary>Why a directory cannot be entered.</summary>
/// <param name="Reason">To stand behind its name.</param>
/// <param name="Error">What the kernel says; may be empty.</param>
/// <param name="IsMissing">Somebody may still make it.</param>
internal sealed record DirectoryObstacle(string Reason, string Error, bool IsMissing)
{
    /// <summary>To stand behind its name: why, and for whom.</summary>
    /// <param name="user">Null: the server's own.</param>
    public string Describe(string? user) =>
        $"{Reason}{(user is null || Error == "" ? "" : $" by the user '{user}'")}{(Error == "" ? "" : $": {Error}")}";
}
