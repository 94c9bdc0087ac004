using Google.Protobuf.WellKnownTypes;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Plans;
using Wire = Hephaestus.Protocol;

namespace Hephaestus.Server.Streaming;

/// <summary>Plans as the wire's messages.</summary>
internal static class PlanMessages
{
    public static string TypeOf(StepKind kind) => kind == StepKind.Recovery ? "recovery" : "step";

    /// <summary>A plan's steps, its name, and what it is warned of.</summary>
    public static Wire.PlanDetails Details(CatalogueEntry entry, Plan plan)
    {
        var details = new Wire.PlanDetails { Id = entry.Name, TagId = plan.TagId };
        details.Steps.AddRange(plan.Steps.Select(step => ToMessage(plan, step)));
        details.Warnings.AddRange(entry.Reading.Diagnostics.Select(found => ToMessage(entry.File, found)));
        return details;
    }

    /// <summary>A plan as the catalogue shows it, broken ones too.</summary>
    public static Wire.PlanSummary Summary(CatalogueEntry entry)
    {
        var summary = new Wire.PlanSummary
        {
            Set = entry.Set,
            Name = entry.Name,
            TagId = entry.Reading.Plan?.TagId ?? "",
            Steps = (uint)(entry.Reading.Plan?.Steps.Length ?? 0),
            Runnable = entry.Reading.Plan is not null,
            Modified = entry.Modified.ToTimestamp(),
        };
        summary.Diagnostics.AddRange(entry.Reading.Diagnostics.Select(found => ToMessage(entry.File, found)));
        return summary;
    }

    private static Wire.PlanStep ToMessage(Plan plan, PlanStep step)
    {
        var message = new Wire.PlanStep
        {
            Name = step.Name,
            Desc = step.Description,
            Type = TypeOf(step.Kind),
            User = step.User ?? "",
            Action = step.WorkingDirectory is { } directory ? $"cd {directory} && {step.Command}" : step.Command,
            Parent = step.Parent == 0 ? "" : plan.Steps[step.Parent - 1].Name,
            Command = step.Command,
            Cwd = step.WorkingDirectory ?? "",
        };
        message.Envvars.AddRange(step.Variables.Select(variable => new Wire.Dictionary { Key = variable.Name, Value = variable.Value }));
        return message;
    }

    private static Wire.Diagnostic ToMessage(string file, Diagnostic found) => new()
    {
        File = file,
        Line = (uint)found.Line,
        Column = (uint)found.Column,
        Message = found.Message,
        Error = found.Severity == Severity.Error,
    };
}
