using System.Reactive.Concurrency;
using Hephaestus.Protocol;
using Hephaestus.Server.Access;
using Hephaestus.Server.Audit;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Configuration;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Facts;
using Hephaestus.Server.Hermes;
using Hephaestus.Server.Journal;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Standard;
using Hephaestus.Server.Steps;
using Hephaestus.Server.Streaming;
using Hephaestus.Server.Supervision;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Hephaestus.Server;

/// <summary>Builds the server's parts in the order of the data's way, runs them, and takes them down in reverse.</summary>
internal static class Startup
{
    private static readonly TimeSpan s_spaceRetry = TimeSpan.FromSeconds(1);

    /// <summary>Runs until SIGTERM or SIGINT; the exit code.</summary>
    public static async Task<int> RunAsync(string? configuration)
    {
        using var manager = ServiceManager.OfThisProcess(fault => Say(Console.Error, $"hephaestus: warning: {fault}"));
        if (!OpenSsl.IsThere)
        {
            Say(Console.Error, $"hephaestus: {OpenSsl.Missing}");
            return ExitCodes.Usage;
        }

        var reading = ServerSettings.Read(configuration);
        foreach (var problem in reading.Problems)
        {
            Say(Console.Error, $"hephaestus: {problem}");
        }

        if (reading.Settings is not { } settings)
        {
            manager.Tell(("STATUS", "The configuration cannot be used; the log says why"));
            return ExitCodes.Usage;
        }

        foreach (var warning in Exposure.Of(settings, Environment.IsPrivilegedProcess))
        {
            Say(Console.Error, $"hephaestus: warning: {warning}");
        }

        return await RunAsync(new Begun(configuration, reading), settings, manager);
    }

    private static async Task<int> RunAsync(Begun begun, ServerSettings settings, ServiceManager manager)
    {
        Say(Console.Out, $"Hephaestus {CommandLine.ProgramVersion}, process {Environment.ProcessId}");
        foreach (var line in settings.Describe())
        {
            Say(Console.Out, $"  {line}");
        }

        if (settings.PlanTrust == TrustMode.Off)
        {
            Say(Console.Error, $"hephaestus: warning: {PlanTrust.Off}");
        }

        try
        {
            using var notices = new ServiceNotices(manager);
            using var early = new EarlyStop(() => StopEarly(notices));
            await ServeAsync(begun, settings, notices, early);
            Say(Console.Out, $"Stopped; {WhatRuns}");
            return ExitCodes.Done;
        }
        catch (Exception fault) when (
            fault is JournalException or EndpointException or SupervisorException or IOException or UnauthorizedAccessException)
        {
            Say(Console.Error, $"hephaestus: {fault.Message}");
            manager.Tell(("STATUS", fault.Message));
            return ExitCodes.Usage;
        }
    }

    private static async Task ServeAsync(Begun begun, ServerSettings settings, ServiceNotices notices, EarlyStop early)
    {
        using var loggers = LoggerFactory.Create(Log);
        using var state = StateDirectory.Take(settings.StateDirectory);
        notices.Starting("Opening the journal");
        await using var journal = await OpenJournalAsync(state.JournalFile, settings, notices);
        var publication = settings.Sync == HistorySync.Full ? new LogPublication() : null;
        var logs = new LogStore(state.Executions, TimeProvider.System, publication);
        await using var sync = new LogSync(logs, publication);
        using var pump = new Pump(state.Executions, new PumpOptions { LateOutput = settings.LateOutput });
        using var cgroups = Cgroups(settings.Cgroup, state.Path);
        await using var supervisor = await SupervisorClient.ConnectAsync(
            state.Path, cgroups, loggers.CreateLogger<SupervisorClient>(), CancellationToken.None);
        using var scheduler = new EventLoopScheduler(start => new Thread(start) { IsBackground = true, Name = "catalogue" });
        using var catalogue = LiveCatalogue.Open(
            settings.RuleDirectory,
            PlanTrust.OfThisProcess(settings.PlanTrust),
            CatalogueTiming.Default,
            scheduler,
            loggers.CreateLogger<LiveCatalogue>());
        var canceller = new Canceller(supervisor, settings.Grace, TimeProvider.System);
        var waits = new Waits();
        var steps = new StepRunner(supervisor, pump, logs, canceller, waits, loggers.CreateLogger<StepRunner>());
        var pinned = new PinnedLogs(logs, loggers.CreateLogger<PinnedLogs>());
        using var registry = new Registry(
            journal, pinned, steps, settings.MaxConcurrent, waits, loggers.CreateLogger<Registry>());
        var archive = new LogArchive(registry, logs);

        await using var hermes = settings.Hermes is null
            ? null
            : new HermesPublisher(settings.Hermes, journal, TimeProvider.System, loggers.CreateLogger<HermesPublisher>());
        var recovery = new Recovery(journal, supervisor, steps, pinned, registry, loggers.CreateLogger<Recovery>());
        notices.Starting("Taking up what an earlier server left");
        var taken = await recovery.RunAsync(CancellationToken.None);
        await using var retention = new Retention(
            settings.Retention, journal, logs, registry, TimeProvider.System, loggers.CreateLogger<Retention>());
        TryRuleLog(settings.RuleLog);
        var dumper = new Dumper(registry, archive, settings.RuleLog, TimeProvider.System);
        var serving = new ServingStatus();
        var intake = new Intake();
        using var draining = new Draining(intake, journal, serving, loggers.CreateLogger<Draining>());
        var acceptance = new Acceptance(journal, registry, intake);
        var examination = new PlanExamination(acceptance, new SpawnCheck());
        await using var audit = new AuditLog(journal, TimeProvider.System, loggers.CreateLogger<AuditLog>());
        var service = new HephaestusService(
            catalogue, acceptance, registry, journal, archive, dumper, examination, draining, settings.Grace, hermes, audit);
        var lacks = new Lacks(pump.Stall, journal.Trouble, sync.Trouble, waits.Reason);
        await using var space = new SpaceWatch(lacks, serving, loggers.CreateLogger<SpaceWatch>());
        using var credentials = Credentials.Open(settings, new Looks(scheduler, CatalogueTiming.Default, loggers.CreateLogger<Credentials>()));
        var access = new LiveAccess(settings.Access, new Identification(credentials, TimeProvider.System), journal);
        credentials.Changed = access.TellChange;
        using var looking = new EventLoopScheduler(start => new Thread(start) { IsBackground = true, Name = "configuration" });
        using var live = LiveConfiguration.Open(
            begun.Configuration, begun.Reading, access, CatalogueTiming.Default, looking, loggers.CreateLogger<LiveConfiguration>());
        await using var endpoint = new Endpoint(settings, credentials, access, loggers, service, serving, audit);
        var addresses = await endpoint.StartAsync();
        early.Dispose();
        Say(Console.Out, $"  {Counted(taken, "execution")} taken up, {Counted(catalogue.Current.Sets.Count, "plan set")}");
        if (journal.Snapshot(view => view.Outbox.Size.SetAside) is > 0 and var setAside)
        {
            Say(Console.Out, $"  {setAside} of what Hermes was told it refused: hephaestus-cli hermes shows it, and sends it again");
        }

        if (!pump.Splices)
        {
            Say(Console.Out, $"  the filesystem of {state.Executions} does not know splice(2): killing this server may lose output");
        }

        var listening = string.Join(" and ", addresses);
        notices.Ready(listening, serving);
        Say(Console.Out, $"Ready: listening on {listening}");
        await endpoint.WaitForStopAsync();
    }

    /// <summary>What a start was given.</summary>
    /// <param name="Configuration">Null: no file.</param>
    /// <param name="Reading">What was read there.</param>
    private sealed record Begun(string? Configuration, SettingsReading Reading);

    private static string WhatRuns => Orphans.AreOurs
        ? "this was the first process of a container: what runs there ends with it"
        : "what runs goes on and is taken up by the next start";

    private static void StopEarly(ServiceNotices notices)
    {
        notices.Dispose();
        Say(Console.Out, $"Stopped before it was ready; {WhatRuns}");
        Libc.Exit(ExitCodes.Done);
    }

    /// <summary>On a full disk it waits for space: steps of a killed server wait for somebody to take their output.</summary>
    private static async Task<ExecutionJournal> OpenJournalAsync(string path, ServerSettings settings, ServiceNotices notices)
    {
        for (var said = false; ; said = true)
        {
            try
            {
                return ExecutionJournal.Open(path, TimeProvider.System, settings.Sync, settings.Hermes is not null);
            }
            catch (JournalException full) when (full.IsFull)
            {
                if (!said)
                {
                    Say(Console.Error, $"hephaestus: {full.Message}; the start waits for it");
                    notices.Starting($"{full.Message}; the start waits for it");
                }

                await Task.Delay(s_spaceRetry);
            }
        }
    }

    private static StepCgroups Cgroups(CgroupSetting setting, string stateDirectory)
    {
        var delegation = Delegation.Find(setting);
        if (delegation.IsFault)
        {
            throw new SupervisorException(delegation.Said);
        }

        Say(Console.Out, $"  {delegation.Said}");
        return StepCgroups.Open(delegation.Directory, stateDirectory);
    }

    /// <summary>
    /// A disk that is too full for the server's own log is no reason not to serve: the steps of a killed server wait for
    /// somebody to take their output.
    /// </summary>
    private static void Say(TextWriter writer, string line)
    {
        try
        {
            writer.WriteLine(LogLines.Plain(line));
        }
        catch (IOException)
        {
            // There is no other place to say it.
        }
    }

    /// <summary>Only dumps need it, so that a server without it runs; but whoever configured it is told now.</summary>
    private static void TryRuleLog(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Say(Console.Error, $"hephaestus: warning: plan.rule_log: {directory} cannot be made, dumps will fail: {fault.Message}");
        }
    }

    public static string Counted(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";

    private static void Log(ILoggingBuilder logging)
    {
        logging.Services.AddSingleton<ConsoleFormatter, LogLines>();
        logging
            .SetMinimumLevel(LogLevel.Warning)

            // What it says of a start that failed is said in our own words.
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)

            // What a client does to its connection is no fault of the server, and must not fill its log: warnings of a connection
            // that was ended come with a stack trace, and a flood of resets is critical there.
            .AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error)
            .AddFilter("Microsoft.AspNetCore.Server.Kestrel.Http2", LogLevel.None)
            .AddConsole(console => (console.FormatterName, console.LogToStandardErrorThreshold) = (LogLines.FormatName, LogLevel.Trace));
    }
}
