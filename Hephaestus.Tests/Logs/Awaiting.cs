using Hephaestus.Server.Facts;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Logs;

/// <summary>Waits for a fact.</summary>
internal static class Awaiting
{
    /// <summary>For properties, which are asked without await.</summary>
    public static void Await(this Task task) => task.DefaultTimeout().GetAwaiter().GetResult();

    /// <inheritdoc cref="Await(Task)"/>
    public static T Await<T>(this Task<T> task) => task.DefaultTimeout().GetAwaiter().GetResult();

    public static async Task<T> UntilAsync<T>(this Latest<T> latest, Func<T, bool> condition)
    {
        while (true)
        {
            var (value, version) = latest.Current;
            if (condition(value))
            {
                return value;
            }

            await latest.NextAsync(version, CancellationToken.None).DefaultTimeout();
        }
    }
}
