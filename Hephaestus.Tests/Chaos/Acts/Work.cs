using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos.Plans;

namespace Hephaestus.Tests.Chaos.Acts;

/// <summary>The lane of acts that ask something of the server. What it asks goes on beside what it asks next.</summary>
internal sealed class Work(Scenario scenario, Stage stage, Asking asking)
{
    /// <summary>The dice of what happens to answers.</summary>
    private const int Part = 1;

    /// <summary>An answer that gets lost is waited for so long at most.</summary>
    private const int MostMilliseconds = 30;

    private readonly Dictionary<string, PlanFile> _files =
        scenario.Plans.ToDictionary(plan => plan.Name, plan => new PlanFile(stage.Home, plan));
    private readonly ConcurrentDictionary<int, Wish> _wishes = new();
    private readonly Dice _dice = Dice.Of(scenario.Seed, scenario.Round, Part);
    private readonly List<Task> _asked = [];

    public IEnumerable<Wish> Wishes => _wishes.Values.OrderBy(wish => wish.Number);

    /// <summary>Called for each execution that was accepted.</summary>
    public required Action<Wish> Accepted { get; init; }

    public void WritePlans()
    {
        foreach (var file in _files.Values)
        {
            file.WriteFirst();
        }
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        foreach (var act in scenario.Work)
        {
            await Task.Delay(act.After, cancellation);
            await DoAsync(act);
        }

        await Task.WhenAll(_asked);
    }

    /// <summary>Cancels what would not end by itself.</summary>
    public Task CancelEndlessAsync() => Task.WhenAll(Wishes
        .Where(wish => wish.Id != 0 && Origin(wish).Texts.Any(text => text.IsEndless))
        .Select(CancelAsync));

    public static Wish Origin(Wish wish) => wish.Resumes is { } earlier ? Origin(earlier) : wish;

    private Task DoAsync(Act act) => act switch
    {
        Act.Execute execute => Ask(ExecuteAsync(execute, Made(new Wish(execute.Wish) { Colour = execute.Colour }))),
        Act.Resume resume => Ask(ResumeAsync(Made(new Wish(resume.Wish) { Resumes = _wishes[resume.Earlier] }))),
        Act.Cancel cancel => Ask(CancelAsync(_wishes[cancel.Wish])),
        Act.Edit edit => EditAsync(edit),
        _ => throw new UnreachableException($"{act.GetType().Name} is no work"),
    };

    private Task Ask(Task asked)
    {
        _asked.Add(asked);
        return Task.CompletedTask;
    }

    private Wish Made(Wish wish) => _wishes[wish.Number] = wish;

    private async Task ExecuteAsync(Act.Execute act, Wish wish)
    {
        var request = new PlanArg { Set = ChaosPlan.Set, Plan = act.Plan, RequestId = wish.RequestId };
        if (act.Colour is { } colour)
        {
            request.Parameters[ChaosPlan.Parameter] = colour;
        }

        var oldest = _files[act.Plan].Oldest;
        if (act.LosesAnswer)
        {
            await asking.AskInVainAsync(_dice.Milliseconds(0, MostMilliseconds), (calls, options) => calls.ExecuteAsync(request, options));
        }

        await AnswerAsync(
            wish,
            async () => (await asking.AskAsync((calls, options) => calls.ExecuteAsync(request, options))).Id,
            () => wish.Texts = _files[act.Plan].Since(oldest));
    }

    private async Task ResumeAsync(Wish wish)
    {
        await wish.Resumes!.Answered;
        var request = new ResumeExecutionRequest { Id = wish.Resumes.Id, RequestId = wish.RequestId };
        await AnswerAsync(
            wish, async () => (await asking.AskAsync((calls, options) => calls.ResumeExecutionAsync(request, options))).Id, () => { });
    }

    private async Task AnswerAsync(Wish wish, Func<Task<uint>> ask, Action answered)
    {
        try
        {
            var id = await ask();
            answered();
            wish.Accepted(id);
            Accepted(wish);
        }
        catch (RpcException refusal)
        {
            answered();
            wish.Refused(refusal);
        }
        catch
        {
            wish.Abandoned();
            throw;
        }
    }

    /// <summary>What has ended, and what was never accepted, is refused.</summary>
    private async Task CancelAsync(Wish wish)
    {
        await wish.Answered;
        try
        {
            await asking.AskAsync((calls, options) => calls.CancelExecutionAsync(new() { Id = wish.Id, Reason = "chaos" }, options));
        }
        catch (RpcException refused) when (refused.StatusCode == (wish.Id == 0 ? StatusCode.NotFound : StatusCode.FailedPrecondition))
        {
        }
    }

    private async Task EditAsync(Act.Edit act)
    {
        var file = _files[act.Plan.Name];
        file.Write(act.Plan);
        if (act.Awaited)
        {
            await asking.KnowsAsync(act.Plan.Name, act.Plan.Tag);
            file.IsKnown();
        }
    }
}
