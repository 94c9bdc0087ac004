using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos.Acts;
using Hephaestus.Tests.Chaos.Observers;
using Hephaestus.Tests.Chaos.Plans;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>All that is there to be checked when a round is over and its server has stopped.</summary>
internal sealed record Evidence(
    Scenario Scenario,
    ServerHome Home,
    Chronicle Chronicle,
    IReadOnlyList<Wish> Wishes,
    ReadJournal Journal,
    IReadOnlyList<Story> Stories,
    IReadOnlyList<EventWatcher> Watchers,
    IReadOnlyList<LogFollower> Followers,
    IReadOnlyList<CliFollower> CliFollowers,
    IReadOnlyDictionary<uint, DeliveredLog> Logs,
    IReadOnlyDictionary<uint, string> Shown)
{
    /// <summary>The stories of all executions that were accepted; what cannot be told is a failure.</summary>
    public static IEnumerable<Story> Told(
        Scenario scenario, ServerHome home, IEnumerable<Wish> wishes, ReadJournal journal, Failures failures)
    {
        var byText = scenario.Texts.ToDictionary(plan => plan.Text);
        foreach (var wish in wishes.Where(wish => wish.Id != 0))
        {
            var pinned = File.ReadAllText(Path.Combine(home.Log(wish.Id), "plan.conf"));
            var events = journal.Events.Where(happened => happened.Id == wish.Id).ToArray();
            if (!byText.TryGetValue(pinned, out var plan) || events is not [{ Accepted: not null }, ..])
            {
                failures.Add($"execution {wish.Id}: its plan.conf is no text that was there, or its events do not begin with its acceptance");
            }
            else
            {
                yield return new Story(wish, plan, events);
            }
        }
    }
}
