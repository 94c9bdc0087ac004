using System.CommandLine;
using System.CommandLine.Parsing;
using Grpc.Core;
using Hephaestus.Cli.CommandLine;
using Hephaestus.Cli.Connection;
using Hephaestus.Cli.Logs;
using Hephaestus.Cli.Output;
using Hephaestus.Cli.Watching;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Verbs;

/// <summary>Runs a plan; follows it, or waits for its end, when that is wanted.</summary>
internal sealed class Exec : Verb
{
    /// <summary>How long an answer that was lost is asked for again.</summary>
    private static readonly TimeSpan s_asking = TimeSpan.FromSeconds(10);

    private readonly Option<string> _set = VerbOptions.Set(required: false);
    private readonly Option<string> _name = VerbOptions.Name(required: false);
    private readonly Option<KeyValuePair<string, string>[]> _parameters = VerbOptions.Parameters();
    private readonly Option<uint?> _resume = VerbOptions.Resume();
    private readonly Option<bool> _follow = new("--follow") { Description = "Show its log live, until it has ended" };
    private readonly Option<bool> _wait = new("--wait") { Description = "Show nothing more, but wait until it has ended" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Run nothing: show what would run, and what is wrong with it" };

    private readonly Option<TimeSpan?> _retryFor = VerbOptions.RetryFor();

    public Exec(Surroundings surroundings)
        : base(
            surroundings,
            "exec",
            """
            Execute a specified plan
            It runs on the server, whatever becomes of this program; the line that is printed ends in its id.
            JSON: id, set and plan; with --wait the execution when it has ended; with --follow a line of type
            "accepted" (id, set, plan), then what status --follow gives; with --dry-run what CheckPlan answers, or of
            --resume the execution that would begin.
            """)
    {
        foreach (var option in new Option[] { _set, _name, _parameters, _resume, _follow, _wait, _dryRun, _retryFor })
        {
            Options.Add(option);
        }

        Validators.Add(CheckNames);
    }

    protected override TimeSpan? RetryFor(ParseResult line) => line.GetValue(_retryFor);

    protected override async Task<int> RunAsync(ParseResult line, Session session)
    {
        if (line.GetValue(_dryRun))
        {
            return await (line.GetValue(_resume) is { } resumed
                ? DryRun.OfResumeAsync(session, resumed)
                : DryRun.OfPlanAsync(session, Checked(Wanted(line))));
        }

        var plan = line.GetValue(_resume) is { } ended ? await ResumeAsync(session, ended) : await ExecuteAsync(session, Wanted(line));
        session.Patience.Reached();
        if (line.GetValue(_follow))
        {
            Announce(session, plan);
            return await Status.FollowedAsync(session, new LogView(session, plan.Id), new FollowLogRequest { Id = plan.Id });
        }

        if (line.GetValue(_wait))
        {
            return await WaitAsync(session, plan);
        }

        return session.Settings.Json
            ? ShowJson(session, json => ProtoJson.Write(json, plan))
            : ShowLines(session, [Started(plan)]);
    }

    private void CheckNames(CommandResult line)
    {
        var names = new Option[] { _set, _name }.Count(option => line.GetResult(option) is not null);
        if (line.GetResult(_resume) is not null)
        {
            if (names > 0 || line.GetResult(_parameters) is not null)
            {
                line.AddError("--resume takes plan and parameters from the execution: leave --set, --name and --param out");
            }
        }
        else if (names < 2)
        {
            line.AddError("exec needs --set and --name, or --resume");
        }

        if (line.GetValue(_dryRun) && (line.GetValue(_follow) || line.GetValue(_wait)))
        {
            line.AddError("--dry-run runs nothing: leave --follow and --wait out");
        }
    }

    private PlanArg Wanted(ParseResult line)
    {
        var plan = new PlanArg { Set = line.GetValue(_set), Plan = line.GetValue(_name), RequestId = NewRequestId() };
        foreach (var (name, value) in line.GetValue(_parameters) ?? [])
        {
            plan.Parameters[name] = value;
        }

        return plan;
    }

    private static CheckPlanRequest Checked(PlanArg plan) => new() { Set = plan.Set, Plan = plan.Plan, Parameters = { plan.Parameters } };

    private static string NewRequestId() => Guid.NewGuid().ToString("N");

    private static Task<PlanId> ExecuteAsync(Session session, PlanArg plan) =>
        AcceptedAsync(session, $"{plan.Set}/{plan.Plan}", () => session.Client.ExecuteAsync(plan, session.Unary).ResponseAsync);

    /// <summary>Says which steps keep their results before anything starts.</summary>
    private static async Task<PlanId> ResumeAsync(Session session, uint ended)
    {
        var request = new ResumeExecutionRequest { Id = ended, RequestId = NewRequestId() };
        var preview = await session.Client.ResumeExecutionAsync(new ResumeExecutionRequest { Id = ended, CheckOnly = true }, session.Unary);
        var kept = preview.Steps.Where(step => step.Outcome is not null).Select(step => $"'{step.Name}'").ToArray();
        var first = preview.Steps.FirstOrDefault(step => step.Outcome is null && step.Type == "step") ?? preview.Steps.FirstOrDefault();
        session.Screen.Say(
            $"execution {ended} of {preview.Set}/{preview.Plan} is resumed: "
            + (kept.Length == 0 ? "no step keeps its result" : $"{string.Join(", ", kept)} {(kept.Length == 1 ? "keeps its result" : "keep their results")}")
            + (first is null ? "" : $", it goes on from '{first.Name}'"));
        return await AcceptedAsync(session, $"{preview.Set}/{preview.Plan}", async () =>
        {
            var execution = await session.Client.ResumeExecutionAsync(request, session.Unary);
            return new PlanId { Id = execution.Id, Set = execution.Set, Plan = execution.Plan };
        });
    }

    private static async Task<PlanId> AcceptedAsync(Session session, string plan, Func<Task<PlanId>> ask)
    {
        try
        {
            return await ask();
        }
        catch (RpcException lost) when (!session.Cancellation.IsCancellationRequested && Faults.MayHaveArrived(lost))
        {
            return await AskAgainAsync(session, plan, ask, lost);
        }
        catch (Exception) when (session.Cancellation.IsCancellationRequested)
        {
            session.Screen.Say(Unknown(plan));
            throw;
        }
    }

    /// <summary>The same request gets the same answer, and runs nothing twice.</summary>
    private static async Task<PlanId> AskAgainAsync(Session session, string plan, Func<Task<PlanId>> ask, RpcException lost)
    {
        var limit = session.Settings.RetryFor < s_asking ? session.Settings.RetryFor : s_asking;
        var patience = new Patience(limit, session.Describe, session.Screen.Say, TimeProvider.System);
        patience.Reached();
        try
        {
            await patience.WaitAsync(lost, session.Cancellation);
            // The first Hephaestus would run it again; it does not know this call either.
            await patience.AskAsync(
                () => session.Client.ListExecutionsAsync(new ListExecutionsRequest { PageSize = 1 }, session.Unary),
                session.Cancellation);
            return await patience.AskAsync(ask, session.Cancellation);
        }
        catch (RpcException again) when (Faults.IsLost(again) || again.StatusCode == StatusCode.Unimplemented)
        {
            session.Screen.Say(Unknown(plan));
            throw;
        }
    }

    private static string Unknown(string plan) =>
        $"the answer is lost: it is unknown whether {plan} runs; plans --long shows it";

    private static string Started(PlanId plan) => $"Execution of {plan.Set}/{plan.Plan} is accepted, id: {plan.Id}";

    private static void Announce(Session session, PlanId plan) => ShowNow(session, "accepted", plan, Started(plan));

    private static async Task<int> WaitAsync(Session session, PlanId plan)
    {
        if (!session.Settings.Json)
        {
            Announce(session, plan);
        }

        try
        {
            var end = await session.EndOfAsync(plan.Id);
            await ShowEndAsync(session, plan, end);
            return end == State.Ok ? ExitCodes.Done : ExitCodes.PlanNotOk;
        }
        catch (OperationCanceledException)
        {
            session.Screen.Say($"execution {plan.Id} goes on; to follow it: status --id {plan.Id} --follow");
            throw;
        }
    }

    private static async Task ShowEndAsync(Session session, PlanId plan, State end)
    {
        if (session.Settings.Json)
        {
            var execution = await session.FindAsync(plan.Id);
            ShowJson(session, json => ProtoJson.Write(json, execution));
        }
        else if (end != State.Ok)
        {
            session.Screen.Say($"execution {plan.Id} of {plan.Set}/{plan.Plan} ended: {StateWords.Of(end)}");
        }
    }
}
