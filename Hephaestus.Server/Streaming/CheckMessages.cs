using Google.Protobuf.WellKnownTypes;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Executions;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Steps;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Streaming;

/// <summary>What was found of a plan before it runs, as the wire's message.</summary>
/// <param name="grace">Of steps that have none of their own.</param>
internal sealed class CheckMessages(CatalogueEntry entry, PlanOutlook outlook, TimeSpan grace)
{
    private const int MostFindings = 1000;
    private const int MostNamed = 100;

    /// <summary>Bytes that an element of a list costs at most beside itself: tag and length.</summary>
    private const int Overhead = 6;

    private Plan Plan => outlook.Plan;

    /// <summary>The message, with as many findings, then steps, as fit into so many bytes.</summary>
    public Wire.PlanCheck ToMessage(int budget)
    {
        var message = Head();
        var room = (long)budget - message.CalculateSize();
        message.Findings.AddRange(outlook.Findings.Take(MostFindings).Select(Finding)
            .TakeWhile(found => (room -= found.CalculateSize() + Overhead) >= 0));
        message.FindingsLeftOut = (uint)(outlook.Findings.Length - message.Findings.Count);
        var expected = new bool[Plan.Steps.Length + 1];
        expected[0] = true;
        foreach (var step in Plan.Steps)
        {
            expected[step.Number] = step.Kind == StepKind.Step && expected[step.Parent];
            var planned = Step(step, expected[step.Number]);
            if ((room -= planned.CalculateSize() + Overhead) < 0)
            {
                break;
            }

            message.Steps.Add(planned);
        }

        message.StepsLeftOut = (uint)(Plan.Steps.Length - message.Steps.Count);
        return message;
    }

    private Wire.PlanCheck Head()
    {
        var message = new Wire.PlanCheck
        {
            Set = entry.Set,
            Plan = entry.Name,
            TagId = Plan.TagId,
            Admission = outlook.Admission switch
            {
                { Refusal: not null } => Wire.Admission.Refuse,
                { Turn.AtOnce: true } => Wire.Admission.Start,
                _ => Wire.Admission.Wait,
            },
            Concurrency = (uint)Plan.Concurrency,
            Timeout = Plan.Timeout?.ToDuration(),
            Overlap = Plan.Overlap.ToString().ToLowerInvariant(),
        };
        message.Behind.AddRange(outlook.Admission switch
        {
            { Refusal: OverlapException overlap } => [overlap.Running],
            { Refusal: null, Turn: { AtOnce: false } turn } => turn.Before.Take(MostNamed),
            _ => [],
        });
        return message;
    }

    private Wire.Diagnostic Finding(PlanFinding found) => new()
    {
        File = found.OfServer ? "" : entry.File,
        Line = (uint)found.At.Line,
        Column = (uint)found.At.Column,
        Message = found.Message,
        Error = found.Severity == Severity.Error,
        Step = found.Step,
    };

    private Wire.PlannedStep Step(PlanStep step, bool expected)
    {
        var message = new Wire.PlannedStep
        {
            Number = (uint)step.Number,
            Name = step.Name,
            Desc = step.Description,
            Type = PlanMessages.TypeOf(step.Kind),
            Parent = step.Parent == 0 ? "" : Plan.Steps[step.Parent - 1].Name,
            Expected = expected,
            Command = step.Command,
            Shell = Shell.Path,
            User = step.User ?? "",
            Cwd = step.WorkingDirectory ?? "",
            Timeout = step.Timeout?.ToDuration(),
            Grace = (step.Grace ?? grace).ToDuration(),
            Retries = (uint)step.Retries,
            RetryDelay = step.Retries > 0 ? step.RetryDelay.ToDuration() : null,
        };
        var label = new PlanLabel(entry.Set, entry.Name);
        message.Variables.AddRange(CommandEnvironment.Known(label, step, outlook.Parameters, outlook.AccountOf(step))
            .Select(variable => new Wire.Dictionary { Key = variable.Key, Value = variable.Value }));
        return message;
    }
}
