using System.Runtime.CompilerServices;
using static Hephaestus.Tests.Plans.PlanTexts;

namespace Hephaestus.Tests.Plans;

public sealed class BrokenPlanTests
{
    [Theory]
    [InlineData("", "1:1: there is no <plan id=\"…\"></plan>")]
    [InlineData("<plan></plan>", "1:1: the id is missing; write <plan id=\"…\">")]
    [InlineData("<plan id=\" \"></plan>", "1:11: the id is empty")]
    [InlineData("<plan id=\"a\nb\"></plan>", "1:11: the id holds a control character; it must be one line of text")]
    [InlineData("<plan id=\"p\" concurrency=\"0\"></plan>", "1:27: concurrency is a whole number from 1 to 1000, not \"0\"")]
    [InlineData("<plan id=\"p\" overlap=\"Skip\"></plan>", "1:23: overlap is allow, skip or queue, not \"Skip\"")]
    [InlineData("<plan id=\"p\" params=\"A 1B\"></plan>", "1:24: \"1B\" is no name of a variable (letters, digits and _, no digit first); write params=\"NAME NAME\"")]
    [InlineData("<plan id=\"p\" params=\"HEPHAESTUS_SET\"></plan>", "1:22: HEPHAESTUS_SET is set by Hephaestus itself; write params=\"NAME NAME\"")]
    [InlineData("<plan id=\"p\"/>", "1:13: a tag is not closed by />; write ></plan>")]
    [InlineData(PlanTag + PlanTag, "2:1: a second <plan>; a file holds one plan")]
    [InlineData("<plan id=\"p\">\nhi\n</plan>", "2:1: text inside of <plan>; steps stand after </plan>")]
    [InlineData("<plan id=\"p\">\n", "1:1: this <plan> is not closed; </plan> must begin a line")]
    public void The_plan_tag(string text, string error) => Assert.Equal([error], Errors(text));

    [Theory]
    [InlineData("<step>c</step>", "2:1: the name is missing; write <step name=\"…\">")]
    [InlineData("<step name=\"\">c</step>", "2:13: the name is empty")]
    [InlineData("<step name=\"a\tb\">c</step>", "2:13: the name holds a control character; it must be one line of text")]
    [InlineData("<step name=\"a\">c</step>\n<step name=\"a\">c</step>", "3:13: the name \"a\" is taken by step 1; names are unique in a plan")]
    [InlineData("<step name=\"a\" desc=\"1\" desc=\"2\">c</step>", "2:25: \"desc\" stands twice in this tag")]
    [InlineData("<step name=\"a\" user=\"\">c</step>", "2:22: the user is empty; leave the attribute out, and the server's own user runs the step")]
    [InlineData("<step name=\"a\" cwd=\" \">c</step>", "2:21: the cwd is empty; leave the attribute out, and the step runs in the server's own directory")]
    [InlineData("<step name=\"a\" setenv=\"\">c</step>", "2:24: setenv is empty; write setenv=\"NAME value\"")]
    [InlineData("<step name=\"a\" setenv=\"A=1\">c</step>", "2:24: \"A=1\" is no name of a variable (letters, digits and _, no digit first); write setenv=\"NAME value\"")]
    [InlineData("<step name=\"a\" setenv=\" 1A x\">c</step>", "2:25: \"1A\" is no name of a variable (letters, digits and _, no digit first); write setenv=\"NAME value\"")]
    [InlineData("<step name=\"a\" setenv=\"HEPHAESTUS_INSTANCE x\">c</step>", "2:24: HEPHAESTUS_INSTANCE is set by Hephaestus itself")]
    [InlineData("<step name=\"a\" retries=\"1001\">c</step>", "2:25: retries is a whole number from 0 to 1000, not \"1001\"")]
    [InlineData("<step name=\"a\" retry-delay=\"3\">c</step>", "2:29: retry-delay is a whole number with s, m or h (as 90s) from 0s to 1000h, not \"3\"")]
    public void What_a_step_says_of_itself(string text, string error) => Assert.Equal([error], Errors(PlanTag + text));

    [Theory]
    [InlineData("<recovery name=\"a\">c</recovery>", "2:1: a recovery needs a parent: it runs when that one did not end OK")]
    [InlineData("<step name=\"a\" parent=\"\">c</step>", "2:24: the parent is empty; leave the attribute out when there is none")]
    [InlineData("<step name=\"a\" parent=\"a\">c</step>", "2:24: a step cannot be its own parent")]
    [InlineData("<step name=\"a\" parent=\"b\">c</step>\n<step name=\"b\">c</step>", "2:24: the parent \"b\" stands later in the file; a parent must stand before its children")]
    [InlineData("<step name=\"prepare\">c</step>\n<step name=\"b\" parent=\"prpare\">c</step>", "3:24: there is no step \"prpare\"; did you mean \"prepare\"?")]
    [InlineData("<step name=\"prepare\">c</step>\n<step name=\"b\" parent=\"wiki\">c</step>", "3:24: there is no step \"wiki\"")]
    public void Parents(string text, string error) => Assert.Equal([error], Errors(PlanTag + text));

    [Theory]
    [InlineData("hello\nworld\n", "2:1: text outside of tags; a comment's line begins with #")]
    [InlineData("</step>", "2:1: </step> closes nothing")]
    [InlineData("<stpe name=\"a\">\nc\n</stpe>", "2:1: \"stpe\" is no tag; did you mean <step>?")]
    [InlineData("<Step name=\"a\">\nc\n</Step>", "2:1: \"Step\" is no tag; did you mean <step>?")]
    [InlineData("<task name=\"a\">\nc\n</task>", "2:1: \"task\" is no tag; there are <plan>, <step> and <recovery>")]
    [InlineData("<step name=\"a\">c</step> # why", "2:25: text after </step>; what follows must begin its own line")]
    [InlineData("<step name=\"a\">\nc\n</step> <step name=\"b\">", "4:9: text after </step>; what follows must begin its own line")]
    [InlineData("<step name=\"a\">\nc\n", "2:1: this <step> is not closed; </step> must begin a line")]
    [InlineData("<step name=\"a\">\nc </step>\n", "2:1: this <step> is not closed; </step> must begin a line")]
    [InlineData("<step name=\"a\">\nc\n</recovery>\n", "4:1: </recovery> closes a <step>; write </step>")]
    [InlineData("<step name=\"a\">c</recovery>\n", "2:17: </recovery> closes a <step>; write </step>")]
    [InlineData("<step name=\"a\">\nc\n<step name=\"b\">\nc\n</step>", "4:1: <step> begins here, but the <step> before it is not closed; </step> must begin a line, and a command's line cannot begin with <step>")]
    [InlineData("<step name=\"a\"", "2:1: the > that ends this <step> is missing")]
    [InlineData("<step name=\"a\"\necho hi\n</step>\n<step name=\"b\">c</step>", "2:1: the > that ends this <step> is missing")]
    [InlineData("<step name=\"a\"/>", "2:15: a tag is not closed by />; write ></step>")]
    public void Tags(string text, string error) => Assert.Contains(error, Assert.Single(Errors(PlanTag + text)), StringComparison.Ordinal);

    [Theory]
    [InlineData("<step name=a>c</step>", "2:12: the value of \"name\" has no double quotes; write name=\"a\"")]
    [InlineData("<step name='a b'>c</step>", "2:12: the value of \"name\" has no double quotes; write name=\"a b\"")]
    [InlineData("<step name>c</step>", "2:7: \"name\" has no value; write name=\"…\"")]
    [InlineData("<step name=>c</step>", "2:12: the value of \"name\" has no double quotes; write name=\"\"")]
    [InlineData("<step name=\"a\"desc=\"b\">c</step>", "2:15: a blank or > is expected after the value of \"name\", which cannot hold a quote")]
    [InlineData("<step name=\"a\" desc=\"say \"hi\" now\">c</step>", "2:27: a blank or > is expected after the value of \"desc\", which cannot hold a quote")]
    [InlineData("<step name=\"a\" !>c</step>", "2:16: an attribute's name is expected here, not \"!\"")]
    [InlineData("<step name=\"a\" desc=\"no end>\nc\n</step>", "2:21: the value of \"desc\" has no closing quote")]
    [InlineData("<step name=\"a\" desc=\"no end\n  cwd=\"/tmp\">\nc\n</step>", "2:21: the value of \"desc\" has no closing quote")]
    [InlineData("<step name=\"a\" desc=\"no end>\nc\n</step>\n<step name=\"b\">\"c\"</step>", "2:21: the value of \"desc\" has no closing quote")]
    public void Attributes(string text, string error) => Assert.Equal(error, Errors(PlanTag + text)[0]);

    [Fact]
    public void A_plan_with_many_errors_gets_them_all_at_once()
    {
        var text = File.ReadAllText(Beside("Broken.conf"));

        var said = string.Concat(Read(text).Diagnostics.Select(d => $"{d.Severity,-7} {d.Format("Broken.conf")}\n"));

        Approved(said, Beside("Broken.approved.txt"));
    }

    private static void Approved(string text, string file)
    {
        if (!File.Exists(file) || File.ReadAllText(file) != text)
        {
            File.WriteAllText(file.Replace(".approved.", ".received.", StringComparison.Ordinal), text);
        }

        Assert.True(File.Exists(file), $"{file} is missing");
        Assert.Equal(File.ReadAllText(file), text);
    }

    private static string Beside(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, name);
}
