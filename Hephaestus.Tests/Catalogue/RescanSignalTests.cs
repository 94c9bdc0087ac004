using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using Hephaestus.Server.Catalogue;

namespace Hephaestus.Tests.Catalogue;

public sealed class RescanSignalTests
{
    private static readonly CatalogueTiming s_timing =
        new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(100));

    private readonly HistoricalScheduler _time = new(DateTimeOffset.UnixEpoch);
    private readonly Subject<Unit> _hints = new();
    private readonly List<double> _signals = [];

    [Fact]
    public void Several_hints_are_one_signal_when_it_is_quiet_again()
    {
        using var subscription = Listen();
        HintAt(10, 10.5, 11.25, 30);

        AdvanceTo(50);

        Assert.Equal([12.25, 31], _signals);
    }

    [Fact]
    public void Hints_without_end_do_not_hold_a_signal_up_for_longer_than_it_may_be()
    {
        using var subscription = Listen();
        HintAt([.. Enumerable.Range(0, 25).Select(n => 10 + (n / 2.0))]);

        AdvanceTo(50);

        Assert.Equal([15, 20.5, 23], _signals);
    }

    [Fact]
    public void Without_any_hint_there_is_a_signal_each_period()
    {
        using var subscription = Listen();

        AdvanceTo(350);

        Assert.Equal([100, 200, 300], _signals);
    }

    [Fact]
    public void A_hint_that_comes_from_a_look_itself_is_another_signal()
    {
        var first = true;
        using var subscription = RescanSignals.Due(_hints, s_timing, _time).Subscribe(_ =>
        {
            _signals.Add(Now);
            if (first) _time.Schedule(() => _hints.OnNext(Unit.Default));
            first = false;
        });
        HintAt(10);

        AdvanceTo(50);

        Assert.Equal([11, 12], _signals);
    }

    [Fact]
    public void Hints_that_end_leave_the_periods()
    {
        using var subscription = Listen();
        _hints.OnCompleted();

        AdvanceTo(250);

        Assert.Equal([100, 200], _signals);
    }

    [Fact]
    public void Nothing_is_waited_for_after_the_end_of_the_subscription()
    {
        Listen().Dispose();

        Assert.False(_hints.HasObservers);
        AdvanceTo(500);
        Assert.Empty(_signals);
    }

    private double Now => (_time.Now - DateTimeOffset.UnixEpoch).TotalSeconds;

    private IDisposable Listen() => RescanSignals.Due(_hints, s_timing, _time).Subscribe(_ => _signals.Add(Now));

    private void HintAt(params double[] seconds)
    {
        foreach (var second in seconds)
        {
            _time.Schedule(DateTimeOffset.UnixEpoch.AddSeconds(second), () => _hints.OnNext(Unit.Default));
        }
    }

    private void AdvanceTo(double seconds) => _time.AdvanceTo(DateTimeOffset.UnixEpoch.AddSeconds(seconds));
}
