namespace Hephaestus.Tests.EndToEnd;

/// <summary>Commands of the kind that plans hold, through the real server and the real command line.</summary>
public sealed class ShellTests
{
    [Fact]
    public async Task A_plan_runs_as_its_commands_would_in_a_shell()
    {
        await using var home = new ServerHome();
        home.Plan("wiki", "backup", $$"""
            #!/usr/bin/hephaestus-cli -x
            # a nightly backup
            <plan id="nightly_backup"></plan>

            <step name="stop" desc="Stop the wiki & its cache">
            mkdir -p '{{home.Directory}}/wiki/a b'
            cat > '{{home.Directory}}/wiki/a b/page.txt' <<'TEXT'
            # a line that is no comment
              two  blanks, $HOME and `date` as they are
            TEXT
            cat <<-TEXT
            	tabs go, $((20 + 22)) is worked out
            	TEXT
            </step>

            <step name="copy"
                  parent="stop"
                  desc="Copy the data"
                  cwd="{{home.Directory}}/wiki"
                  setenv="TARGET {{home.Directory}}/copy of  the wiki"
                  setenv="LEVEL 3">
            mkdir -p "$TARGET"
            tar -c . | gzip -"$LEVEL" > "$TARGET/$(date +%F).tar.gz" && ls "$TARGET" | wc -l
            tar -tzf "$TARGET"/*.tar.gz | sort | tail -n 1
            ls /does/not/exist 2>&1 | sed 's/.*\(No such file\).*/\1/' ; echo "${PIPESTATUS[*]}"
            { echo to standard output; echo to standard error >&2; } 2>&1 | sort
            if [ 1 -lt 2 ] && ! false; then echo "a < b & c > d"; fi
            for i in 1 2 \
                     3; do printf '%s;' "$i"; done; echo
            echo a\
            b
            </step>

            <step name="fail" parent="copy">
            set -o pipefail
            false | cat
            </step>

            <recovery name="undo" parent="fail" desc="Clean up & start again">rm -rf "$TARGET" && echo "undone: ${TARGET-unset}"</recovery>
            """.ReplaceLineEndings("\n"));
        await using var server = await home.StartAsync();

        var result = await CliProcess.RunAsync(server, "exec", "--set", "wiki", "--name", "backup", "--follow");

        Assert.Equal(3, result.ExitCode);
        Assert.Equal(
            """
            tabs go, 42 is worked out
            1
            ./a b/page.txt
            No such file
            2 0
            to standard error
            to standard output
            a < b & c > d
            1;2;3;
            ab
            undone: unset
            """.ReplaceLineEndings("\n"),
            string.Join('\n', Printed(result)));
        Assert.Equal(
            "# a line that is no comment\n  two  blanks, $HOME and `date` as they are\n",
            await File.ReadAllTextAsync(Path.Combine(home.Directory, "wiki/a b/page.txt")));
        Assert.Contains("----> Step 'fail' ended: NOK (exit code 1)", result.Out);
        Assert.EndsWith("----> Plan ended: NOK\n", result.Out);
    }

    /// <summary>What the steps printed, without Hephaestus's remarks and without time and stream.</summary>
    private static IEnumerable<string> Printed(CliResult result) =>
        from line in result.Lines
        where line.Length > 22 && line[19..22] is " I " or " E "
        let text = line[22..]
        where !text.StartsWith("----> ", StringComparison.Ordinal)
        select text;
}
