using System.Text;
using Hephaestus.Server.Plans;
using static Hephaestus.Tests.Plans.PlanTexts;

namespace Hephaestus.Tests.Plans;

public sealed class PlanParserTests
{
    [Fact]
    public void A_plan_of_the_first_server_is_read_as_it_was_meant()
    {
        var plan = Plan("""
            #!/usr/bin/hephaestus-cli -x
            # a comment: a line that begins with '#', outside a step's body
            <plan id="nightly_backup"></plan>

            <step name="stop" desc="Stop the wiki & its cache">
            systemctl stop wiki
            </step>

            <step name="copy"
                  parent="stop"
                  desc="Copy the data"
                  cwd="/srv/wiki"
                  user="backup"
                  setenv="TARGET /mnt/backup/wiki copy"
                  setenv="LEVEL 3">
            tar -c . | zstd -$LEVEL > "$TARGET/$(date +%F).tar.zst"
            </step>

            <recovery name="undo" parent="copy" desc="Clean up & start again">
            rm -f "$TARGET"/*.partial
            systemctl start wiki
            </recovery>
            """);

        Assert.Equal("nightly_backup", plan.TagId);
        Assert.Equal(["stop", "copy", "undo"], plan.Steps.Select(step => step.Name));
        Assert.Equal([1, 2, 3], plan.Steps.Select(step => step.Number));
        Assert.Equal([0, 1, 2], plan.Steps.Select(step => step.Parent));
        Assert.Equal([StepKind.Step, StepKind.Step, StepKind.Recovery], plan.Steps.Select(step => step.Kind));
        Assert.Equal([6, 16, 20], plan.Steps.Select(step => step.FirstLine));
        var copy = plan.Steps[1];
        Assert.Equal([new(9, 1), new(13, 13), new(12, 12)], new[] { copy.At, copy.UserAt, copy.WorkingDirectoryAt });
        Assert.Equal("Copy the data", copy.Description);
        Assert.Equal("/srv/wiki", copy.WorkingDirectory);
        Assert.Equal("backup", copy.User);
        Assert.Equal([new Variable("TARGET", "/mnt/backup/wiki copy"), new Variable("LEVEL", "3")], copy.Variables.AsEnumerable());
        Assert.Equal("tar -c . | zstd -$LEVEL > \"$TARGET/$(date +%F).tar.zst\"", copy.Command);
        Assert.Equal("rm -f \"$TARGET\"/*.partial\nsystemctl start wiki", plan.Steps[2].Command);
        Assert.Null(plan.Steps[0].User);
        Assert.Null(plan.Steps[0].WorkingDirectory);
    }

    [Theory]
    [InlineData("<step name=\"a\">\necho 1\n</step>", "echo 1")]
    [InlineData("<step name=\"a\">echo 1</step>", "echo 1")]
    [InlineData("<step name=\"a\">echo '</step>'</step>", "echo '</step>'")]
    [InlineData("<step name=\"a\"> echo 1 </step>  ", " echo 1 ")]
    [InlineData("<step name=\"a\">echo 1\necho 2\n</step>", "echo 1\necho 2")]
    [InlineData("<step name=\"a\">  \n\n echo  1\n\n  </step>", "\n echo  1\n")]
    [InlineData("  <step name=\"a\">\n\techo 1\n\t</step >\n", "\techo 1")]
    [InlineData("<step name=\"a\">\necho x </step>\n</step>", "echo x </step>")]
    [InlineData("<step name=\"a\">\n# kept\ncat <<E\n  a  b && c > d 2>&1\nE\n</step>", "# kept\ncat <<E\n  a  b && c > d 2>&1\nE")]
    [InlineData("<step\n  name=\"a\"\n>\necho 1\n</step>", "echo 1")]
    [InlineData("<step name = \"a\">\r\necho 1\r\necho 2\r\n</step>\r\n", "echo 1\necho 2")]
    [InlineData("<step name=\"a\">\necho <b>\n<stepladder>\n</steps>\n</step>", "echo <b>\n<stepladder>\n</steps>")]
    public void A_body_is_the_text_between_its_tags(string text, string command) => Assert.Equal(command, Step(text).Command);

    [Fact]
    public void A_byte_order_mark_is_accepted() =>
        Assert.NotNull(PlanParser.Parse([0xEF, 0xBB, 0xBF, .. "<plan id=\"p\"></plan>\n<step name=\"a\">b</step>"u8]).Plan);

    [Fact]
    public void The_last_line_needs_no_new_line() => Assert.Equal("p", Read("<plan id=\"p\"></plan>").Plan?.TagId);

    [Fact]
    public void The_plan_tag_may_stand_behind_the_steps_and_hold_comments() =>
        Assert.Single(Plan("<step name=\"a\">b</step>\n<plan id=\"p\">\n\n # nothing\n</plan>\n  # end\n").Steps);

    [Fact]
    public void Attributes_may_stand_in_any_order_and_a_value_may_hold_anything_but_a_quote()
    {
        var step = Step("<step desc=\"a > b & 'c' </step> # ä 😀\n second line\" setenv=\"X  a  b \" name=\"x y\">c</step>");

        Assert.Equal("a > b & 'c' </step> # ä 😀\n second line", step.Description);
        Assert.Equal("x y", step.Name);
        Assert.Equal([new Variable("X", "a  b ")], step.Variables.AsEnumerable());
    }

    [Fact]
    public void A_variable_without_a_value_is_empty() =>
        Assert.Equal([new Variable("X", "")], Step("<step name=\"a\" setenv=\"X\">c</step>").Variables.AsEnumerable());

    [Fact]
    public void Of_a_variable_that_is_set_twice_the_later_value_counts_and_a_warning_says_so()
    {
        const string text = PlanTag + "<step name=\"a\" setenv=\"X 1\" setenv=\"Y 2\" setenv=\"X 3\">c</step>";

        Assert.Equal(["2:42: \"X\" is set twice in this tag; the later value counts"], Warnings(text));
        Assert.Equal([new Variable("X", "3"), new Variable("Y", "2")], Read(text).Plan!.Steps[0].Variables.AsEnumerable());
    }

    [Fact]
    public void A_plan_without_steps_is_legal_and_warned_about() =>
        Assert.Equal(["0:0: the plan has no steps: it ends OK at once"], Warnings(PlanTag));

    [Fact]
    public void An_empty_command_is_legal_and_warned_about() =>
        Assert.Equal(["2:1: the command is empty: the step does nothing and ends OK"], Warnings(PlanTag + "<step name=\"a\">\n</step>"));

    [Fact]
    public void A_recovery_may_be_a_parent() =>
        Assert.Equal(2, Plan(PlanTag + "<step name=\"a\">1</step>\n<recovery name=\"b\" parent=\"a\">2</recovery>\n<step name=\"c\" parent=\"b\">3</step>").Steps[2].Parent);

    [Theory]
    [InlineData("priority=\"1\"", "there is no attribute \"priority\"; it is ignored")]
    [InlineData("environment=\"1\"", "there is no attribute \"environment\"; it is ignored")]
    public void An_attribute_that_resembles_none_is_ignored_with_a_warning(string attribute, string message) =>
        Assert.Equal([$"2:16: {message}"], Warnings($"{PlanTag}<step name=\"a\" {attribute}>c</step>"));

    [Theory]
    [InlineData("dsc", "desc")]
    [InlineData("User", "user")]
    [InlineData("CWD", "cwd")]
    [InlineData("parrents", "parent")]
    [InlineData("set-env", "setenv")]
    [InlineData("setevn", "setenv")]
    [InlineData("timeuot", "timeout")]
    [InlineData("retry_delay", "retry-delay")]
    public void An_attribute_within_two_letters_of_a_known_one_is_an_error(string wrong, string right) =>
        Assert.Equal(
            [$"2:16: there is no attribute \"{wrong}\"; did you mean \"{right}\"?"],
            Errors($"{PlanTag}<step name=\"a\" {wrong}=\"x\">c</step>"));

    [Fact]
    public void A_step_says_how_often_it_is_tried_again_and_when()
    {
        var step = Step("<step name=\"a\" retries=\"3\" retry-delay=\"2m\">c</step>");

        Assert.Equal((3, TimeSpan.FromMinutes(2)), (step.Retries, step.RetryDelay));
    }

    [Fact]
    public void A_step_says_how_long_it_may_take_and_has_to_end()
    {
        var step = Step("<step name=\"a\" timeout=\"90s\" grace=\"0s\">c</step>");

        Assert.Equal((TimeSpan.FromSeconds(90), TimeSpan.Zero), (step.Timeout, step.Grace));
        Assert.Equal(TimeSpan.FromHours(2), Plan("<plan id=\"p\" timeout=\"2h\"></plan>\n<step name=\"a\">c</step>").Timeout);
    }

    [Theory]
    [InlineData("", Overlap.Allow)]
    [InlineData("overlap=\"allow\"", Overlap.Allow)]
    [InlineData("overlap=\"skip\"", Overlap.Skip)]
    [InlineData("overlap=\"queue\"", Overlap.Queue)]
    internal void A_plan_says_whether_it_may_overlap_with_itself(string attribute, Overlap overlap) =>
        Assert.Equal(overlap, Plan($"<plan id=\"p\" {attribute}></plan>\n<step name=\"a\">c</step>").Overlap);

    [Fact]
    public void A_plan_names_the_variables_that_whoever_runs_it_may_set() =>
        Assert.Equal(["TARGET", "LEVEL"], Plan("<plan id=\"p\" params=\" TARGET  LEVEL\nTARGET\"></plan>\n<step name=\"a\">c</step>").Parameters.AsEnumerable());

    [Fact]
    public void A_plan_says_how_many_steps_run_at_once() =>
        Assert.Equal((1, 4), (Plan(PlanTag + "<step name=\"a\">c</step>").Concurrency, Plan("<plan id=\"p\" concurrency=\"4\"></plan>\n<step name=\"a\">c</step>").Concurrency));

    [Theory]
    [InlineData("launcher")]
    public void A_reserved_attribute_of_a_step_is_refused_and_not_ignored(string name) =>
        Assert.StartsWith(
            $"2:16: \"{name}\" is not supported yet",
            Assert.Single(Errors($"{PlanTag}<step name=\"a\" {name}=\"3\">c</step>")),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("launcher")]
    public void A_reserved_attribute_of_a_plan_is_refused_and_not_ignored(string name) =>
        Assert.StartsWith(
            $"1:14: \"{name}\" is not supported yet",
            Assert.Single(Errors($"<plan id=\"p\" {name}=\"3\"></plan>")),
            StringComparison.Ordinal);

    [Theory]
    [InlineData(131_071, true)]
    [InlineData(131_072, false)]
    public void A_command_has_less_than_128_KiB(int bytes, bool runs)
    {
        var body = string.Concat(Enumerable.Repeat("ä", bytes / 2)) + (bytes % 2 == 1 ? "x" : "");

        Assert.Equal(runs, Read($"{PlanTag}<step name=\"a\">\n{body}\n</step>").Plan is not null);
    }

    [Theory]
    [InlineData(131_069, true)]
    [InlineData(131_070, false)]
    public void A_variable_with_its_name_has_less_than_128_KiB(int bytes, bool runs) =>
        Assert.Equal(runs, Read($"{PlanTag}<step name=\"a\" setenv=\"X {new string('x', bytes)}\">c</step>").Plan is not null);

    [Fact]
    public void A_file_larger_than_1_MiB_is_refused()
    {
        var largest = Encoding.UTF8.GetBytes(PlanTag + new string('\n', PlanParser.MaximumBytes - PlanTag.Length));

        Assert.NotNull(PlanParser.Parse(largest).Plan);
        Assert.Equal(
            new Diagnostic(Severity.Error, 0, 0, "the file is larger than 1 MiB, the most that a plan may have"),
            Assert.Single(PlanParser.Parse([.. largest, (byte)'\n']).Diagnostics));
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_told_with_line_and_column_in_characters()
    {
        byte[] text = [.. Encoding.UTF8.GetBytes(PlanTag + "# ä😀"), 0xFF, .. "x"u8, 0xC3, .. "\r\n#"u8, 0xE2, 0x82];

        var reading = PlanParser.Parse(text);

        Assert.Null(reading.Plan);
        Assert.Equal([(0, 0), (2, 5), (2, 7), (3, 2)], reading.Diagnostics.Select(d => (d.Line, d.Column)));
    }

    [Fact]
    public void NUL_is_told_with_its_place() =>
        Assert.Equal(["2:20: a NUL byte; a plan is text"], Errors(PlanTag + "<step name=\"a\">echo\0</step>"));

    [Fact]
    public void More_errors_than_anybody_mends_at_once_are_counted()
    {
        var text = PlanTag + string.Concat(Enumerable.Range(1, 150).Select(i => $"<step name=\"s{i}\" user=\"\">c</step>\n"));

        var errors = Errors(text);

        Assert.Equal(Findings.Most + 1, errors.Length);
        Assert.Equal("0:0: and 50 more like these", errors[^1]);
    }

    [Fact]
    public void A_step_that_follows_broken_ones_is_still_read()
    {
        var errors = Errors(PlanTag + "<step name=\"a\"\necho 1 > x\n</step>\n<step name=\"b\" parent=\"c\">\nx\n</step>");

        Assert.Contains(errors, error => error.StartsWith("5:24: there is no step \"c\"", StringComparison.Ordinal));
    }
}
