using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Hephaestus.Protocol;
using Hephaestus.Protocol.Configuration;

namespace Hephaestus.Cli.Output;

/// <summary>What would run, and what is wrong with it, for people.</summary>
internal static class PlanCheckText
{
    public static IEnumerable<string> Lines(PlanCheck check) =>
    [
        $"Plan:       {check.Set}/{check.Plan} ({check.TagId})",
        $"Would:      {Would(check)}",
        $"Steps:      {Order(check)}",
        .. check.Steps.SelectMany(Step),
        .. LeftOut(check.StepsLeftOut, "steps"),
        .. Findings(check, errors: true),
        .. Findings(check, errors: false),
        .. LeftOut(check.FindingsLeftOut, "errors and warnings"),
        "",
        $"Nothing was run. {Count(check, errors: true)}, {Count(check, errors: false)}.",
    ];

    private static string Would(PlanCheck check) => check.Admission switch
    {
        Admission.Start => "start at once",
        Admission.Wait when check.Behind.Count > 0 => $"wait for the end of {string.Join(", ", check.Behind)}",
        Admission.Wait => "wait for its turn",
        Admission.Refuse => "be refused",
        _ => "do what this program does not know",
    };

    private static string Order(PlanCheck check)
    {
        var count = (check.Steps.Count + check.StepsLeftOut).ToString(CultureInfo.InvariantCulture);
        var order = check.Concurrency > 1 ? $"up to {check.Concurrency} at once" : "one after another";
        return $"{count}, {order}{(check.Timeout is { } timeout ? $", timeout {Text(timeout)}" : "")}";
    }

    private static IEnumerable<string> Step(PlannedStep step)
    {
        yield return "";
        yield return $"{step.Number}. {step.Type} '{step.Name}'{(step.Desc.Length > 0 ? $": {step.Desc}" : "")}";
        foreach (var (label, value) in Properties(step).Where(property => property.Value.Length > 0))
        {
            yield return $"   {label + ':',-10} {value}";
        }

        // Those that every step has are no news to people.
        foreach (var variable in step.Variables.Where(variable => !variable.Key.StartsWith("HEPHAESTUS_", StringComparison.Ordinal)))
        {
            yield return $"   {"variable:",-10} {variable.Key}={variable.Value}";
        }

        yield return "   command:";
        foreach (var text in step.Command.Trim('\n').Split('\n'))
        {
            yield return $"     {text}";
        }
    }

    private static (string Label, string Value)[] Properties(PlannedStep step) =>
    [
        ("runs", When(step)),
        ("user", step.User),
        ("directory", step.Cwd),
        ("shell", step.Shell),
        ("timeout", step.Timeout is { } timeout ? $"{Text(timeout)}, then SIGTERM, and SIGKILL {Text(step.Grace)} later" : ""),
        ("retries", step.Retries > 0 ? $"{step.Retries}, {Text(step.RetryDelay)} after an attempt that failed" : ""),
    ];

    private static string When(PlannedStep step) => step switch
    {
        { Type: "recovery" } => $"only when '{step.Parent}' does not end OK",
        { Parent.Length: > 0 } => $"when '{step.Parent}' ended OK{(step.Expected ? "" : ", which needs a recovery")}",
        _ => "always",
    };

    private static IEnumerable<string> Findings(PlanCheck check, bool errors)
    {
        var found = check.Findings.Where(finding => finding.Error == errors).Select(finding => $"  {Text(finding)}").ToArray();
        return found.Length == 0 ? [] : ["", errors ? "Errors:" : "Warnings:", .. found];
    }

    private static string Text(Diagnostic found)
    {
        var step = found.Step.Length > 0 ? $"step '{found.Step}': " : "";
        var about = new Diagnostic(found) { Message = step + found.Message };
        return found.File.Length > 0 ? about.Text() : about.Message;
    }

    private static string Count(PlanCheck check, bool errors)
    {
        var count = check.Findings.Count(finding => finding.Error == errors);
        return $"{count} {(errors ? "error" : "warning")}{(count == 1 ? "" : "s")}";
    }

    private static IEnumerable<string> LeftOut(uint count, string what) => count == 0 ? [] : ["", $"and {count} more {what}"];

    private static string Text(Duration? duration) => DurationText.Format(duration?.ToTimeSpan() ?? TimeSpan.Zero);
}
