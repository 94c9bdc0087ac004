using System.Reflection;
using System.Text.RegularExpressions;
using Hephaestus.Protocol;
using Hephaestus.Server.Configuration;
using Hephaestus.Server.Plans;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Docs;

/// <summary>The reference leaves nothing out.</summary>
public sealed partial class ReferenceTests
{
    [Fact]
    public void Every_key_of_main_conf_is_described() => AssertNamed("docs/configuration.md", SettingKeys.All);

    [Fact]
    public void The_example_of_a_main_conf_can_be_used()
    {
        var file = Path.GetTempFileName();
        try
        {
            // The group is made by the installation.
            File.WriteAllText(file, Regex.Replace(Manual.Read("docs/main.conf"), "(group += |gid:)hephaestus", "$1root"));
            Assert.Empty(ServerSettings.Read(file).Problems);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Every_attribute_of_a_plan_is_described() => AssertNamed("docs/plans.md", Attributes.Select(known => known.Name));

    [Fact]
    public void What_is_kept_for_later_is_said_to_be_an_error_and_nothing_else_is()
    {
        var text = Manual.Read("docs/plans.md");
        var told = text[text.IndexOf("These names are kept for later", StringComparison.Ordinal)..].Split("\n\n")[0];

        Assert.Equal(
            Attributes.Where(known => known.Reserved).Select(known => known.Name).Distinct().Order(),
            CodeQuotes.Matches(told).Select(quote => quote.Groups[1].Value).Distinct().Order());
    }

    [Fact]
    public void Every_call_is_described() =>
        AssertNamed("docs/grpc.md", Protocol.Hephaestus.Descriptor.Methods.Select(method => method.Name));

    [Fact]
    public void Every_exit_code_is_described() => AssertRows(
        "docs/cli.md",
        typeof(ExitCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(code => $"{code.GetRawConstantValue()}"));

    [Fact]
    public void Every_status_word_is_described() => AssertNamed("docs/coming-from-the-first-server.md",
        Enum.GetValues<State>().Where(state => state is not State.Unspecified).Select(StateWords.Of));

    [Fact]
    public async Task Every_command_and_option_is_described()
    {
        var commands = Commands(await HelpAsync()).ToArray();
        var options = new HashSet<string>();
        foreach (var command in commands)
        {
            options.UnionWith(Options(await HelpAsync(command)));
        }

        Assert.Contains("exec", commands);
        Assert.Contains("--follow", options);
        var page = Manual.Read("docs/cli.md");
        AssertNone(commands.Where(command => !page.Contains($"\n### {command}\n", StringComparison.Ordinal)));
        AssertNone(options.Where(option => !Regex.IsMatch(page, $@"(?<![\w-]){option}(?![\w-])")));
    }

    [Fact]
    public void The_page_on_gRPC_quotes_its_example_as_it_is()
    {
        var example = Manual.Read("docs/examples/follow.py");
        var quoted = Manual.Blocks(Manual.Read("docs/grpc.md"), "python").ToArray();

        Assert.NotEmpty(quoted);
        Assert.All(quoted, block => Assert.Contains(block, example));
    }

    private static IEnumerable<KnownAttribute> Attributes => Enum.GetValues<TagKind>().SelectMany(kind => KnownAttribute.Of(kind));

    /// <summary>Each name stands in code quotes, alone or with something behind it.</summary>
    private static void AssertNamed(string page, IEnumerable<string> names)
    {
        var text = Manual.Prose(Manual.Read(page));
        AssertNone(names.Where(name => !Regex.IsMatch(text, $"`{Regex.Escape(name)}[`=]")));
    }

    /// <summary>Each value begins a row of a table.</summary>
    private static void AssertRows(string page, IEnumerable<string> values)
    {
        var text = Manual.Read(page);
        AssertNone(values.Where(value => !text.Contains($"\n| {value} |", StringComparison.Ordinal)));
    }

    private static void AssertNone(IEnumerable<string> missing) => Assert.Equal("", string.Join(", ", missing));

    private static async Task<string> HelpAsync(params string[] command)
    {
        var result = await CliProcess.RunAsync(["help", .. command]);
        Assert.Equal(0, result.ExitCode);
        return result.Out;
    }

    private static IEnumerable<string> Commands(string help) =>
        from command in Command.Matches(help.Split("Commands:")[1].Split("Options:")[0])
        select command.Groups[1].Value;

    private static IEnumerable<string> Options(string help) =>
        from option in Option.Matches(help)
        select option.Groups[1].Value;

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex CodeQuotes { get; }

    [GeneratedRegex(@"^  ([a-z-]+)  ", RegexOptions.Multiline)]
    private static partial Regex Command { get; }

    [GeneratedRegex(@"^  (?:-\w, |    )(--[a-z-]+)", RegexOptions.Multiline)]
    private static partial Regex Option { get; }
}
