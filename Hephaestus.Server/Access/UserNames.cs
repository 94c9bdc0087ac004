using System.Globalization;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Access;

/// <summary>What the users of this machine are called: looked up once a minute at most, as names can change.</summary>
internal sealed class UserNames(TimeProvider clock)
{
    /// <summary>How many are kept; then all are looked up anew.</summary>
    private const int MostKept = 1_000;

    private static readonly TimeSpan s_age = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<uint, string> _names = [];
    private long _since = clock.GetTimestamp();

    /// <summary><c>uid:anna</c>, or <c>uid:1000</c> where the system has no name.</summary>
    public string Of(uint user)
    {
        lock (_gate)
        {
            Forget();
            if (_names.TryGetValue(user, out var known))
            {
                return known;
            }
        }

        // Not under the lock: the answer may come from another machine.
        var name = Look(user);
        lock (_gate)
        {
            return _names[user] = name;
        }
    }

    private void Forget()
    {
        if (_names.Count >= MostKept || clock.GetElapsedTime(_since) > s_age)
        {
            _names.Clear();
            _since = clock.GetTimestamp();
        }
    }

    private static string Look(uint user)
    {
        try
        {
            return $"uid:{Libc.UserName(user) ?? Number(user)}";
        }
        catch (IOException)
        {
            return $"uid:{Number(user)}";
        }
    }

    private static string Number(uint user) => user.ToString(CultureInfo.InvariantCulture);
}
