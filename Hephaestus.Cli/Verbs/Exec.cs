using System.CommandLine;
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

    private readonly Option<string> _set = VerbOptions.Set();
    private readonly Option<string> _name = VerbOptions.Name();
    private readonly Option<bool> _follow = new("--follow") { Description = "Show its log live, until it has ended" };
    private readonly Option<bool> _wait = new("--wait") { Description = "Show nothing more, but wait until it has ended" };
    private readonly Option<TimeSpan?> _retryFor = VerbOptions.RetryFor();

    public Exec(Surroundings surroundings)
        : base(
            surroundings,
            "exec",
            """
            Execute a specified plan
            It runs on the server, whatever becomes of this program; the line that is printed ends in its id.
            JSON: id, set and plan; with --wait the execution when it has ended; with --follow a line of type
            "accepted" (id, set, plan), then what status --follow gives.
            """)
    {
        foreach (var option in new Option[] { _set, _name, _follow, _wait, _retryFor })
        {
            Options.Add(option);
        }
    }

    protected override TimeSpan? RetryFor(ParseResult line) => line.GetValue(_retryFor);

    protected override async Task<int> RunAsync(ParseResult line, Session session)
    {
        var plan = await ExecuteAsync(session, new PlanArg { Set = line.GetValue(_set), Plan = line.GetValue(_name) });
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

    private static async Task<PlanId> ExecuteAsync(Session session, PlanArg plan)
    {
        plan.RequestId = Guid.NewGuid().ToString("N");
        try
        {
            return await session.Client.ExecuteAsync(plan, session.Unary);
        }
        catch (RpcException lost) when (!session.Cancellation.IsCancellationRequested && Faults.MayHaveArrived(lost))
        {
            return await ExecuteAgainAsync(session, plan, lost);
        }
        catch (Exception) when (session.Cancellation.IsCancellationRequested)
        {
            session.Screen.Say(Unknown(plan));
            throw;
        }
    }

    /// <summary>The same request gets the same answer, and runs nothing twice.</summary>
    private static async Task<PlanId> ExecuteAgainAsync(Session session, PlanArg plan, RpcException lost)
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
            return await patience.AskAsync(() => session.Client.ExecuteAsync(plan, session.Unary), session.Cancellation);
        }
        catch (RpcException again) when (Faults.IsLost(again) || again.StatusCode == StatusCode.Unimplemented)
        {
            session.Screen.Say(Unknown(plan));
            throw;
        }
    }

    private static string Unknown(PlanArg plan) =>
        $"the answer is lost: it is unknown whether {plan.Set}/{plan.Plan} runs; plans --long shows it";

    private static string Started(PlanId plan) => $"Execution of {plan.Set}/{plan.Plan} is accepted, id: {plan.Id}";

    private static void Announce(Session session, PlanId plan)
    {
        if (session.Settings.Json)
        {
            session.Screen.WriteLine(json =>
            {
                json.WriteString("type", "accepted");
                ProtoJson.WriteFields(json, plan);
            });
        }
        else
        {
            session.Screen.WriteLine(Started(plan));
        }

        session.Screen.Flush();
    }

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
