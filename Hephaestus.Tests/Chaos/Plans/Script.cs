using System.Collections.Immutable;

namespace Hephaestus.Tests.Chaos.Plans;

/// <summary>A step's command: in bash, and all that must come of it.</summary>
/// <param name="Finishes">How attempt 1, 2, … ends; all further ones as the last.</param>
internal sealed record Script(ImmutableArray<Deed> Deeds, ImmutableArray<Finish> Finishes)
{
    /// <summary>Where commands bear witness, below the directory that they begin in.</summary>
    public const string Witness = "witness";

    /// <summary>SIGTERM does not end it.</summary>
    public bool IsStubborn { get; init; }

    public Finish FinishOf(int attempt) => Finishes[Math.Min(attempt, Finishes.Length) - 1];

    /// <summary>
    /// The command. Before anything else it adds its process id to the witness file of its step, by which it also learns
    /// which attempt it is; when all is printed it leaves a mark.
    /// </summary>
    public string Bash(int step) => $$"""
        w={{Witness}}/$HEPHAESTUS_EXECUTION-{{step}}; echo $$ >>$w; mapfile -t runs <$w; n=${#runs[@]}
        {{(IsStubborn ? "trap '' TERM\n" : "")}}{{string.Join('\n', Deeds.Select(deed => deed.Bash))}}
        : >$w.$n.printed
        case $n in
        {{string.Join('\n', Finishes.Index().Select(finish => $"{Pattern(finish.Index)}) {finish.Item.Bash} ;;"))}}
        esac
        """;

    /// <summary>All that an attempt prints to a stream by itself, and what comes of it when the command has ended.</summary>
    public (byte[] Own, byte[] Late) Output(bool err, Surroundings given)
    {
        var printed = Deeds.SelectMany(deed => deed.Prints(given)).Where(some => some.Err == err).ToArray();
        return (Joined(printed.Where(some => !some.Late)), Joined(printed.Where(some => some.Late)));
    }

    private string Pattern(int finish) => finish == Finishes.Length - 1 ? "*" : $"{finish + 1}";

    private static byte[] Joined(IEnumerable<Printed> printed) => [.. printed.SelectMany(some => some.Bytes)];
}
