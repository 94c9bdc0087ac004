using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos.Plans;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>Every byte that a command printed is in its file, in its order, and no other.</summary>
internal sealed class OutputCheck(ServerHome home, Witness witness, Allowance allowance, Figures figures, Failures failures)
{
    public void Check(Attempt attempt)
    {
        Check(attempt, err: false, attempt.Ended?.StepEnded.OutBytes ?? 0);
        Check(attempt, err: true, attempt.Ended?.StepEnded.ErrBytes ?? 0);
    }

    /// <summary>The file of an attempt's stream.</summary>
    public static string FileOf(ServerHome home, uint execution, int step, int attempt, bool err) =>
        Path.Combine(home.Log(execution), $"{step:000}-{attempt}.{(err ? "err" : "out")}");

    private void Check(Attempt attempt, bool err, ulong lengthAtEnd)
    {
        var file = FileOf(home, attempt.Story.Id, attempt.Step.Number, attempt.Number, err);
        var bytes = File.Exists(file) ? File.ReadAllBytes(file) : [];
        figures.Bytes += bytes.Length;
        figures.Lines += bytes.Count(value => value == '\n');
        failures.Unless(
            lengthAtEnd <= (ulong)bytes.Length,
            $"{attempt}: {file} has {bytes.Length} bytes, at its end it had {lengthAtEnd}");
        if (allowance.WasOrphaned(attempt))
        {
            figures.Orphans++;
            return;
        }

        var run = witness.RunOf(attempt);
        var (own, late) = run == 0 ? ([], []) : attempt.Step.Script.Output(err, new Surroundings(run, attempt.Story.Parameters));
        var all = run > 0 && (witness.HasPrintedAll(attempt) || !attempt.WasEnded);
        var missing = Missing(bytes, own, late, all, attempt.WasEnded);
        failures.Unless(
            missing is null,
            $"{attempt}: {file} has {bytes.Length} bytes of {own.Length} and {late.Length} late ones: {missing}");
        failures.Unless(!all || lengthAtEnd >= (ulong)own.Length, $"{attempt}: {file} had {lengthAtEnd} bytes at its end");
    }

    /// <summary>What is wrong with a file; null: nothing.</summary>
    /// <param name="all">The command got to the end of what it prints.</param>
    /// <param name="ended">It, and what it left behind, was ended by others.</param>
    private static string? Missing(
        ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> own, ReadOnlySpan<byte> late, bool all, bool ended)
    {
        var same = bytes.CommonPrefixLength(own);
        var rest = bytes[same..];
        return all && same < own.Length ? $"its own differ from byte {same} on"
            : ended && late.StartsWith(rest) ? null
            : !ended && rest.SequenceEqual(late) ? null
            : $"they differ from byte {same + rest.CommonPrefixLength(late)} on";
    }
}
