using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos.Acts;

namespace Hephaestus.Tests.Chaos.Observers;

/// <summary>Follows an execution's log from its first line to its end, whatever happens to its connection.</summary>
internal sealed class LogFollower(uint id, Stage stage, Switchboard board, Dice dice)
{
    private readonly Subscription<LogUpdate> _subscription = new(stage, board, dice);

    public uint Execution => id;

    public DeliveredLog Log { get; } = new();

    public int Connections => _subscription.Connections;

    public Task RunAsync(CancellationToken end) => _subscription.RunAsync(
        (calls, options) => calls.FollowLog(new FollowLogRequest { Id = id, From = Log.Next }, options), Log.Take, end);
}
