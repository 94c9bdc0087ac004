using System.CommandLine;
using Hephaestus.Cli.CommandLine;
using Hephaestus.Cli.Connection;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Verbs;

/// <summary>All about one plan: its steps, and what the server warns of.</summary>
internal sealed class ListPlan : Verb
{
    private readonly Option<string> _set = VerbOptions.Set();
    private readonly Option<string> _name = VerbOptions.Name();

    public ListPlan(Surroundings surroundings)
        : base(surroundings, "list-plan", "Get details about specified plan")
    {
        Options.Add(_set);
        Options.Add(_name);
    }

    protected override async Task<int> RunAsync(ParseResult line, Session session)
    {
        var set = line.GetValue(_set)!;
        var plan = await session.Client.ListPlanAsync(new PlanArg { Set = set, Plan = line.GetValue(_name) }, session.Unary);
        return session.Settings.Json
            ? ShowJson(session, json => ProtoJson.Write(json, plan))
            : ShowLines(session, Head(set, plan).Concat(plan.Steps.SelectMany(Step)).Concat(Warnings(plan)));
    }

    private static IEnumerable<string> Head(string set, PlanDetails plan) =>
    [
        $"Plan:   {set}/{plan.Id}",
        $"Id:     {plan.TagId}",
        $"Steps:  {plan.Steps.Count}",
    ];

    private static IEnumerable<string> Step(PlanStep step, int index)
    {
        yield return "";
        yield return $"{index + 1}. {step.Type} '{step.Name}'{(step.Desc.Length > 0 ? $": {step.Desc}" : "")}";
        foreach (var (label, value) in new[] { ("parent", step.Parent), ("user", step.User), ("directory", step.Cwd) })
        {
            if (value.Length > 0)
            {
                yield return $"   {label + ':',-10} {value}";
            }
        }

        foreach (var variable in step.Envvars)
        {
            yield return $"   {"variable:",-10} {variable.Key}={variable.Value}";
        }

        yield return "   command:";
        foreach (var text in (step.Command.Length > 0 ? step.Command : step.Action).Trim('\n').Split('\n'))
        {
            yield return $"     {text}";
        }
    }

    private static IEnumerable<string> Warnings(PlanDetails plan) => plan.Warnings.Count == 0
        ? []
        : ["", "Warnings:", .. plan.Warnings.Select(warning => $"  {warning.Text()}")];
}
