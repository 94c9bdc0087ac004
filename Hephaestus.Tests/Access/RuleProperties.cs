using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Protocol.Configuration;
using Hephaestus.Server.Access;
using Hephaestus.Server.Catalogue;

namespace Hephaestus.Tests.Access;

/// <summary>What a rule's text may be.</summary>
public sealed class RuleProperties
{
    // Pieces that make most arrangements nearly a rule.
    private static readonly string[] s_pieces =
    [
        "access", ".", "cert", "token", "uid", "gid", "anonymous", ":", "root", "0", "4294967295", "none", "viewer", "operator", "admin",
        " ", ",", "*", "?", "web-*", "/", "..", "\\", "ä", "😀", "\0", "\t", "\uFFFD", "\u001b[2J", "=", "//",
    ];

    private static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(500);

    [Fact]
    public void A_rule_that_is_written_and_read_is_the_same() => Prop.ForAll(Rules(), rules =>
    {
        var text = string.Join('\n', rules.Describe());
        var read = Read(text);
        Assert.Empty(read.Problems);
        Assert.Equal(rules.Describe(), read.Rules.Describe());
    }).Check(s_config);

    [Fact]
    public void Any_arrangement_of_a_rules_pieces_is_read_or_refused_with_its_line() =>
        Prop.ForAll(Gen.Elements(s_pieces).ArrayOf().Select(string.Concat).ToArbitrary(), AssertReadable).Check(s_config);

    [Fact]
    public void Any_text_does_too() => Prop.ForAll(ArbMap.Default.ArbFor<string?>(), text => AssertReadable(text ?? "")).Check(s_config);

    [Fact]
    public void A_glob_that_stands_for_a_set_is_never_refused() => Prop.ForAll(Gen.Elements("a", "-", ".", "ä", "Z#").ArrayOf().ToArbitrary(), Gen.Choose(0, 1000).ToArbitrary(), (pieces, seed) =>
    {
        var set = string.Concat(pieces);
        var random = new System.Random(seed);
        var glob = string.Concat(set.Select(letter => random.Next(4) switch { 0 => "?", 1 => "*", _ => $"{letter}" }));
        Assert.True(PlanNames.Refusal("set", set) is not null || (SetGlobs.Fault(glob) is null && SetGlobs.Matches(glob, set)), $"{glob} {set}");
    }).Check(s_config);

    private static void AssertReadable(string text)
    {
        foreach (var line in new[] { $"access.{text} = viewer", $"access.token:a = {text}", text })
        {
            var (rules, problems) = Read(line.ReplaceLineEndings(" "));
            Assert.All(problems, problem => Assert.Equal((1, true), (problem.Line, problem.IsError)));
            Assert.All(rules.Grants ?? [], grant => Assert.All(grant.Sets, glob => Assert.Null(SetGlobs.Fault(glob))));
        }
    }

    private static (AccessRules Rules, ImmutableArray<ConfigurationProblem> Problems) Read(string text) => AccessRulesReader.Read(new(
        [.. ConfigurationText.Parse(text, "main.conf").OfType<ConfigurationLine.Entry>().Select(line => line.Value)], []));

    private static Arbitrary<AccessRules> Rules()
    {
        var principals = Gen.OneOf<Principal>(
            Gen.Elements("anna", "b c", "ü:x", "*").Select(name => (Principal)new Principal.Certificate(name)),
            Gen.Elements("ci", "ci_2", "Z-").Select(name => (Principal)new Principal.Token(name)),
            Gen.Choose(0, 5).Select(id => (Principal)new Principal.User((uint)id)),
            Gen.Elements(0u, 7u, uint.MaxValue - 1).Select(id => (Principal)new Principal.Group(id)),
            Gen.Constant<Principal>(new Principal.Anybody()));
        var grants =
            from role in Gen.Elements(Enum.GetValues<Role>())
            from globs in Gen.Elements("*", "web-*", "a?b", "ä#1", "-").ArrayOf()
            select (role, role == Role.None ? [] : globs);
        var rules =
            from principal in principals
            from granted in grants.NonEmptyListOf()
            select granted.Select(grant => new Grant(principal, grant.role, [.. grant.Item2])).ToArray();
        return rules.NonEmptyListOf()
            .Select(all => new AccessRules([.. all.DistinctBy(rule => rule[0].Principal).SelectMany(rule => rule)]))
            .ToArbitrary();
    }
}
