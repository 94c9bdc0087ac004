using Hephaestus.Protocol.Configuration;
using Hephaestus.Server.Access;
using Hephaestus.Server.Configuration;
using Hephaestus.Tests.Configuration;

namespace Hephaestus.Tests.Access;

/// <summary>The keys <c>access.*</c> of a configuration.</summary>
public sealed class AccessKeyTests : IDisposable
{
    private const string Principals = "cert:NAME, token:NAME, uid:NAME, uid:NUMBER, gid:NAME, gid:NUMBER or anonymous";
    private const string Globs = "allowed is a plan set's name, in which * stands for any text and ? for one character";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Rules_are_read_and_described_as_they_were_written()
    {
        var reading = Read(
            """
            access.anonymous = none
            access.cert:anna b. = viewer , operator web-* d?,admin  ci
            access.token:ci = operator
            access.uid:root = admin
            access.gid:4711 = viewer *
            """);

        Assert.Empty(reading.Problems);
        Assert.Equal(
            [
                "access.anonymous = none",
                "access.cert:anna b. = viewer, operator web-* d?, admin ci",
                "access.token:ci = operator",
                "access.uid:0 = admin",
                "access.gid:4711 = viewer *",
            ],
            reading.Settings!.Access.Describe());
        Assert.Equal(reading.Settings.Access.Describe(), reading.Settings.Describe().TakeLast(5));
    }

    [Fact]
    public void Of_a_principal_that_stands_twice_the_later_value_counts_in_whatever_way_it_is_written() => Assert.Equal(
        ["access.uid:0 = viewer", "access.gid:0 = operator", "access.token:a = viewer"],
        Read(
            """
            access.token:a = nonsense
            access.uid:root = admin
            access.gid:0 = viewer
            access.token:a = viewer
            access.uid:0 = viewer
            access.gid:root = operator
            """).Settings?.Access.Describe());

    [Theory]
    [InlineData("access.usr:anna = viewer", $"access.usr:anna: \"usr\" is no kind of caller; allowed is {Principals}")]
    [InlineData("access.tokn:a = viewer", $"access.tokn:a: \"tokn\" is no kind of caller; allowed is {Principals}; did you mean token?")]
    [InlineData("access.allow = me", $"access.allow: \"allow\" is no kind of caller; allowed is {Principals}")]
    [InlineData("access.anonymos = viewer", $"access.anonymos: \"anonymos\" is no kind of caller; allowed is {Principals}; did you mean anonymous?")]
    [InlineData("access.cert: = viewer", $"access.cert:: the name of the cert is empty; allowed is {Principals}")]
    [InlineData("access.token:a.b = viewer", "access.token:a.b: \"a.b\" is no token's name; allowed are letters, digits, - and _ (see hephaestus token)")]
    [InlineData("access.token = viewer", $"access.token: the name of the token is empty; allowed is {Principals}")]
    [InlineData("access.token: ci = viewer", $"access.token: ci: the name of the token begins with a blank or holds a control character; allowed is {Principals}")]
    [InlineData("access.uid:no-such-user = viewer", "access.uid:no-such-user: there is no user 'no-such-user' on this machine; allowed is the name of one, or a number below 4294967295")]
    [InlineData("access.gid:no-such-group = viewer", "access.gid:no-such-group: there is no group 'no-such-group' on this machine; allowed is the name of one, or a number below 4294967295")]
    [InlineData("access.uid:4294967295 = viewer", "access.uid:4294967295: there is no user '4294967295' on this machine; allowed is the name of one, or a number below 4294967295")]
    [InlineData("access.token:a = operater web", "access.token:a: \"operater\" is no role; allowed is none, viewer, operator or admin; did you mean operator?")]
    [InlineData("access.token:a = web", "access.token:a: \"web\" is no role; allowed is none, viewer, operator or admin")]
    [InlineData("access.token:a = viewer a,", "access.token:a: \"viewer a,\" lacks a role; allowed is ROLE [PLAN SET ...] {, ROLE [PLAN SET ...]}, where ROLE is none, viewer, operator or admin")]
    [InlineData("access.token:a =", "access.token:a: \"\" lacks a role; allowed is ROLE [PLAN SET ...] {, ROLE [PLAN SET ...]}, where ROLE is none, viewer, operator or admin")]
    [InlineData("access.token:a = none web", "access.token:a: \"none\" is not limited to plan sets: it allows nothing; allowed is none alone, or another role")]
    [InlineData("access.token:a = viewer web/*", $"access.token:a: \"web/*\" cannot be used: a plan set's name must not hold a slash; {Globs}")]
    [InlineData("access.token:a = viewer .*", $"access.token:a: \".*\" cannot be used: no plan set's name begins with a dot; {Globs}")]
    [InlineData("access.token:a = viewer a..b", $"access.token:a: \"a..b\" cannot be used: a plan set's name must not hold two dots in a row; {Globs}")]
    [InlineData(@"access.token:a = viewer a\*", $@"access.token:a: ""a\*"" cannot be used: a backslash has no meaning here; ? stands for any one character; {Globs}")]
    [InlineData("acess.token:a = viewer", "acess.token:a: unknown key; did you mean access.PRINCIPAL? This server would run without a rule that it asks for")]
    public void What_cannot_be_used_is_an_error_with_its_place_and_what_is_allowed(string line, string expected)
    {
        var reading = Read("# first\n" + line);

        Assert.Null(reading.Settings);
        Assert.Equal($"{_folder.At("main.conf")}:2: {expected}", Assert.Single(reading.Problems).ToString());
    }

    [Fact]
    public void Without_any_rule_whoever_reaches_the_server_is_operator()
    {
        var rules = Read("exec.grace = 1s").Settings!.Access;

        Assert.Null(rules.Grants);
        Assert.Equal(Role.Operator, rules.Of(new Caller([], null, "anonymous")).Highest);
    }

    [Fact]
    public void What_all_rules_about_a_caller_grant_adds_up()
    {
        var rules = Read("access.anonymous = viewer\naccess.uid:4711 = operator a*\naccess.gid:4712 = admin b\naccess.token:x = admin").Settings!.Access;

        var permissions = rules.Of(new Caller([new Principal.User(4711), new Principal.Group(4712)], null, "uid:4711"));

        Assert.Equal(
            (true, true, false, true, false),
            (permissions.Has(Role.Viewer), permissions.Has(Role.Operator, "abc"), permissions.Has(Role.Operator, "c"),
                permissions.Has(Role.Admin, "b"), permissions.Has(Role.Admin, "abc")));
    }

    private SettingsReading Read(string text)
    {
        var file = _folder.File("main.conf", text);
        return ServerSettingsReader.Read(file, ConfigurationFile.Read(file), new Surroundings(false, null, "/home/me", "/work"));
    }
}
