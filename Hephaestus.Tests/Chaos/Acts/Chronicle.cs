using System.Reactive.Disposables;

namespace Hephaestus.Tests.Chaos.Acts;

/// <summary>A stretch of time; without an end it lasts.</summary>
internal readonly record struct Stretch(DateTimeOffset From, DateTimeOffset To)
{
    public bool Meets(DateTimeOffset from, DateTimeOffset to) => From <= to && from <= To;
}

/// <summary>When there was no server, and when supervisors were killed.</summary>
internal sealed class Chronicle
{
    private readonly List<Stretch> _absences = [];
    private readonly List<Stretch> _kills = [];
    private readonly List<Stretch> _drains = [];
    private DateTimeOffset? _downSince;

    /// <summary>From when the server was about to be ended until the next one was ready.</summary>
    public IReadOnlyList<Stretch> Absences =>
        _downSince is { } since ? [.. _absences, new(since, DateTimeOffset.MaxValue)] : _absences;

    public IReadOnlyList<Stretch> SupervisorKills => _kills;

    /// <summary>When no execution was to be accepted.</summary>
    public IReadOnlyList<Stretch> Draining => _drains;

    public void Down() => _downSince = DateTimeOffset.UtcNow;

    public void Up()
    {
        if (_downSince is { } since)
        {
            _absences.Add(new(since, DateTimeOffset.UtcNow));
            _downSince = null;
        }
    }

    /// <summary>A supervisor is killed from now until the result is disposed.</summary>
    public IDisposable KillsSupervisor() => Lasting(_kills);

    /// <summary>The server drains from now until the result is disposed.</summary>
    public IDisposable Drains() => Lasting(_drains);

    private static IDisposable Lasting(List<Stretch> stretches)
    {
        var from = DateTimeOffset.UtcNow;
        return Disposable.Create(() => stretches.Add(new(from, DateTimeOffset.UtcNow)));
    }

    public override string ToString() => string.Concat(
        Absences.Select(absence => $"no server {absence.From:O} to {absence.To:O}\n")
            .Concat(_kills.Select(kill => $"supervisor killed {kill.From:O} to {kill.To:O}\n"))
            .Concat(_drains.Select(drain => $"draining {drain.From:O} to {drain.To:O}\n")));
}
