using System.Diagnostics;
using System.Reactive.Concurrency;
using Hephaestus.Server.Catalogue;
using Hephaestus.Tests.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hephaestus.Tests.Catalogue;

/// <summary>A rule directory and what is done to it.</summary>
internal sealed class RuleFolder : IDisposable
{
    /// <summary>Hints of the watcher alone lead to a look.</summary>
    public static readonly CatalogueTiming ByHints =
        new(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(200), TimeSpan.FromHours(1));

    /// <summary>The looks that come without hints come soon.</summary>
    public static readonly CatalogueTiming ByLooks = ByHints with { Rescan = TimeSpan.FromMilliseconds(50) };

    private readonly TemporaryFolder _folder = new();
    private readonly EventLoopScheduler _scheduler = new();
    private LiveCatalogue? _catalogue;

    public RuleFolder() => Directory.CreateDirectory(Root);

    /// <summary>How plans are judged.</summary>
    public PlanTrust Trust { get; init; } = PlanTrust.OfThisProcess(TrustMode.Warn);

    public string Root => _folder.At("plans");

    /// <summary>Beside the rule directory, on the same filesystem.</summary>
    public string Outside(string name) => _folder.At(name);

    public string At(params ReadOnlySpan<string> names) => Path.Combine([Root, .. names]);

    public static string Plan(string command = "true") => $"<plan id=\"p\"></plan>\n<step name=\"s\">\n{command}\n</step>\n";

    /// <summary>Writes a plan in place; its set is made when missing.</summary>
    public string Write(string set, string plan, string? text = null)
    {
        Directory.CreateDirectory(At(set));
        var file = At(set, plan + ".conf");
        File.WriteAllText(file, text ?? Plan());
        return file;
    }

    public LiveCatalogue Open(CatalogueTiming timing) =>
        _catalogue = LiveCatalogue.Open(Root, Trust, timing, _scheduler, NullLogger.Instance);

    /// <summary>One look, without watching.</summary>
    public CatalogueScan Scan(CatalogueScan? before = null, TimeProvider? clock = null) =>
        new RuleDirectory(Root, clock ?? TimeProvider.System, Trust).Scan(before ?? CatalogueScan.None);

    /// <summary>Runs a script in the rule directory.</summary>
    public void Bash(string script)
    {
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-euc", script]) { WorkingDirectory = Root })!;
        bash.WaitForExit();
        Assert.Equal(0, bash.ExitCode);
    }

    public void Dispose()
    {
        _catalogue?.Dispose();
        _scheduler.Dispose();
        _folder.Dispose();
    }
}

/// <summary>What tests ask of snapshots.</summary>
internal static class Snapshots
{
    /// <summary>All plans as <c>set/name</c>.</summary>
    public static string[] Names(this CatalogueSnapshot snapshot) =>
        [.. snapshot.Sets.Values.SelectMany(set => set.Plans.Values).Select(entry => $"{entry.Set}/{entry.Name}")];

    /// <summary>The command of a plan's first step; null: no such plan, or it is broken.</summary>
    public static string? Command(this CatalogueSnapshot snapshot, string set, string plan) =>
        snapshot.Find(set, plan)?.Reading.Plan?.Steps[0].Command;

    /// <summary>All that is wrong with a plan, a line each.</summary>
    public static string Complaints(this CatalogueSnapshot snapshot, string set, string plan) =>
        string.Join('\n', snapshot.Find(set, plan)?.Reading.Diagnostics.Select(each => each.Message) ?? ["no such plan"]);
}
