using System.Globalization;
using System.Text;

namespace Hephaestus.Tests.Chaos.Plans;

/// <summary>What one attempt finds when its command runs.</summary>
/// <param name="Number">Which attempt of its step it is, from 1.</param>
internal sealed record Surroundings(int Number, IReadOnlyDictionary<string, string> Parameters);

/// <summary>Bytes that a command prints.</summary>
/// <param name="Late">Printed by a process that outlives the step.</param>
internal readonly record struct Printed(bool Err, byte[] Bytes, bool Late = false)
{
    public static Printed Of(bool err, string text, bool late = false) => new(err, Encoding.UTF8.GetBytes(text), late);
}

/// <summary>Something that a step's command does: in bash, and what is printed by it.</summary>
internal abstract record Deed
{
    public abstract string Bash { get; }

    public abstract IEnumerable<Printed> Prints(Surroundings given);

    protected static string To(bool err) => err ? " >&2" : "";

    protected static string Seconds(int milliseconds) => (milliseconds / 1000.0).ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>A line that tells the attempt, and one parameter.</summary>
    internal sealed record Introduce(string Word, string Parameter) : Deed
    {
        public override string Bash => $"echo \"{Word} attempt $n, {Parameter} is ${{{Parameter}-not set}}\"";

        public override IEnumerable<Printed> Prints(Surroundings given) =>
            [Printed.Of(false, $"{Word} attempt {given.Number}, {Parameter} is {given.Parameters.GetValueOrDefault(Parameter, "not set")}\n")];
    }

    /// <summary>Numbered lines, each written by itself, with pauses.</summary>
    internal sealed record Count(bool Err, string Word, int Lines, int PauseMilliseconds) : Deed
    {
        public override string Bash =>
            $"for ((i = 1; i <= {Lines}; i++)); do echo \"{Word} $i\"{To(Err)}; sleep {Seconds(PauseMilliseconds)}; done";

        public override IEnumerable<Printed> Prints(Surroundings given) => [Printed.Of(Err, Numbered(Word, Lines))];
    }

    /// <summary>Many numbered lines at once, on both streams at the same time.</summary>
    internal sealed record Flood(string Word, int Out, int Errors) : Deed
    {
        public override string Bash => $"seq -f '{Word} %.0f' 1 {Out} & seq -f '{Word} %.0f' 1 {Errors} >&2; wait $!";

        public override IEnumerable<Printed> Prints(Surroundings given) =>
            [Printed.Of(false, Numbered(Word, Out)), Printed.Of(true, Numbered(Word, Errors))];
    }

    /// <summary>A line that is longer than a message.</summary>
    internal sealed record LongLine(bool Err, int Length) : Deed
    {
        public override string Bash => $"{{ head -c {Length} /dev/zero | tr '\\0' x; echo; }}{To(Err)}";

        public override IEnumerable<Printed> Prints(Surroundings given) => [Printed.Of(Err, new string('x', Length) + "\n")];
    }

    /// <summary>Bytes that are no text.</summary>
    internal sealed record Raw(bool Err, byte[] Bytes) : Deed
    {
        public override string Bash => $"printf '{string.Concat(Bytes.Select(Octal))}'{To(Err)}";

        public override IEnumerable<Printed> Prints(Surroundings given) => [new Printed(Err, Bytes)];

        private static string Octal(byte value) => "\\" + Convert.ToString(value, 8).PadLeft(3, '0');
    }

    /// <summary>A line that stays unfinished for a while.</summary>
    internal sealed record Prompt(bool Err, string Word, int Milliseconds) : Deed
    {
        public override string Bash => $"printf '{Word}? '{To(Err)}; sleep {Seconds(Milliseconds)}; echo yes{To(Err)}";

        public override IEnumerable<Printed> Prints(Surroundings given) => [Printed.Of(Err, $"{Word}? yes\n")];
    }

    /// <summary>A line without its end.</summary>
    internal sealed record Unfinished(bool Err, string Word) : Deed
    {
        public override string Bash => $"printf '{Word} and no more'{To(Err)}";

        public override IEnumerable<Printed> Prints(Surroundings given) => [Printed.Of(Err, $"{Word} and no more")];
    }

    internal sealed record Pause(int Milliseconds) : Deed
    {
        public override string Bash => $"sleep {Seconds(Milliseconds)}";

        public override IEnumerable<Printed> Prints(Surroundings given) => [];
    }

    /// <summary>Leaves a process behind that prints when the command has ended.</summary>
    internal sealed record PrintLate(bool Err, string Word, int Milliseconds) : Deed
    {
        public override string Bash =>
            $"{{ while kill -0 $$; do sleep 0.05; done 2>/dev/null; sleep {Seconds(Milliseconds)}; echo '{Word} late'; }}{To(Err)} &";

        public override IEnumerable<Printed> Prints(Surroundings given) => [Printed.Of(Err, $"{Word} late\n", late: true)];
    }

    private static string Numbered(string word, int to) =>
        string.Concat(Enumerable.Range(1, to).Select(number => $"{word} {number}\n"));
}
