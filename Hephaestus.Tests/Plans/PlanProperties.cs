using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Server.Plans;

namespace Hephaestus.Tests.Plans;

public sealed class PlanProperties
{
    // Pieces that make most arrangements nearly a plan.
    private static readonly string[] s_pieces =
    [
        "<plan id=\"p\"></plan>\n", "<step name=\"a\">", "<step name=\"b\" parent=\"a\"\n", "</step>", "</step>\n", "<recovery",
        "</recovery>\n", " parent=\"a\"", " setenv=\"X 1\"", " desc=", "\"", "'", "=", ">", "/>", "<", "\n", "\r\n", " ", "#", "\0",
        "\\", "ä", "😀", "\uFEFF", "name", "timeout=\"1\"", "echo 1\n", "\t",
    ];

    private static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(500);

    [Fact]
    public void Any_bytes_give_a_plan_or_errors_that_lie_within_the_text() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), HoldsFor).Check(s_config);

    [Fact]
    public void Any_arrangement_of_a_plans_pieces_does_too() =>
        Prop.ForAll(Pieces(), pieces => HoldsFor([.. pieces.SelectMany(Bytes)])).Check(s_config);

    [Fact]
    public void Any_plan_cut_anywhere_does_too() =>
        Prop.ForAll(Plans(), Gen.Choose(0, 100).ToArbitrary(), (plan, percent) =>
        {
            var text = Encoding.UTF8.GetBytes(Rendered(plan));
            HoldsFor(text[..(text.Length * percent / 100)]);
        }).Check(s_config);

    [Fact]
    public void A_plan_that_is_written_and_read_is_the_same() =>
        Prop.ForAll(Plans(), plan => Assert.Equal(Told(plan), Told(PlanTexts.Plan(Rendered(plan))))).Check(s_config);

    [Fact]
    public void Any_body_has_an_old_reading() =>
        Prop.ForAll(Pieces(), pieces =>
        {
            var body = string.Concat(pieces);
            Assert.All(OldReading.Differences(body), d => Assert.InRange(d.Line, 1, body.Split('\n').Length));
            Assert.DoesNotContain('\n', OldReading.Command(body));
        }).Check(s_config);

    private static void HoldsFor(byte[] text)
    {
        var reading = PlanParser.Parse(text);
        var lines = Encoding.UTF8.GetString(text).Split('\n');
        Assert.Equal(reading.Plan is null, reading.Diagnostics.Any(d => d.Severity == Severity.Error));
        Assert.All(reading.Diagnostics.Where(d => d.Line > 0), d =>
        {
            Assert.InRange(d.Line, 1, lines.Length);
            Assert.InRange(d.Column, 1, lines[d.Line - 1].EnumerateRunes().Count() + 1);
            Assert.DoesNotContain(d.Message, char.IsControl);
        });
    }

    // Half of an emoji and damaged bytes come in by cutting pieces up.
    private static byte[] Bytes(string piece) => piece is "ä" or "😀" ? Encoding.UTF8.GetBytes(piece)[..^1] : Encoding.UTF8.GetBytes(piece);

    private static Arbitrary<string[]> Pieces() => Gen.Elements(s_pieces).ArrayOf().ToArbitrary();

    private static Arbitrary<Plan> Plans() => Gen.Choose(1, 8)
        .SelectMany(count => Steps(count).Select(steps => new Plan("p & q", [.. steps])))
        .ToArbitrary();

    private static Gen<List<PlanStep>> Steps(int count) => Enumerable.Range(1, count).Aggregate(
        Gen.Constant(new List<PlanStep>()),
        (steps, number) => steps.SelectMany(before => Step(number).Select(step => new List<PlanStep>([.. before, step]))));

    private static Gen<PlanStep> Step(int number) =>
        from parent in Gen.Choose(0, number - 1)
        from recovery in Gen.Elements(true, false)
        from desc in Value()
        from user in Gen.Elements(null, "backup", "www-data")
        from cwd in Gen.Elements(null, "/tmp", "/srv/a b")
        from variables in Value().ListOf(3)
        from lines in Gen.Elements("echo 1", " # kept", "", "a && b > c 2>&1", "echo \"</step>\"", "\tä  😀", "cat <<E").ListOf()
        select new PlanStep(
            number,
            recovery && parent > 0 ? StepKind.Recovery : StepKind.Step,
            $"step {number}",
            desc,
            parent,
            user,
            cwd,
            [.. variables.Select((value, index) => new Variable($"V_{index}", value.TrimStart()))],
            string.Join('\n', lines.Append("true")));

    private static Gen<string> Value() =>
        Gen.Elements("a", " ", "&", "<b>", ">", "'", "=", "ä", "😀", "</step>", "#").ListOf().Select(string.Concat);

    private static string Rendered(Plan plan) => $"# rendered\n<plan id=\"{plan.TagId}\"></plan>\n" + string.Concat(plan.Steps.Select(Rendered));

    private static string Rendered(PlanStep step)
    {
        var tag = step.Kind == StepKind.Recovery ? "recovery" : "step";
        var text = new StringBuilder($"\n<{tag} name=\"{step.Name}\" desc=\"{step.Description}\"");
        text.Append(step.Parent > 0 ? $"\n parent=\"step {step.Parent}\"" : "");
        text.Append(step.User is null ? "" : $" user=\"{step.User}\"");
        text.Append(step.WorkingDirectory is null ? "" : $" cwd=\"{step.WorkingDirectory}\"");
        text.AppendJoin("", step.Variables.Select(variable => $"\n setenv=\"{variable.Name} {variable.Value}\""));
        return text.Append($">\n{step.Command}\n</{tag}>\n").ToString();
    }

    private static string[] Told(Plan plan) =>
        [plan.TagId, .. plan.Steps.Select(step => $"{Unplaced(step) with { Variables = [] }} {string.Join(';', step.Variables)}")];

    /// <summary>The step wherever it stands.</summary>
    private static PlanStep Unplaced(PlanStep step) =>
        step with { FirstLine = 0, At = default, UserAt = default, WorkingDirectoryAt = default };
}
