using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Hephaestus.Cli.Logs;
using Hephaestus.Protocol;

namespace Hephaestus.Tests.Cli;

public sealed class LineAssemblerTests
{
    /// <summary>Few, so that lines outgrow it.</summary>
    private const int MostKept = 12;

    private static readonly Arbitrary<CutLine[]> s_logs = Gen.Choose(0, 30)
        .SelectMany(length => Gen.Choose(0, 255).Where(code => code != '\n').ArrayOf(length))
        .SelectMany(text => Gen.Elements(LogStream.Out, LogStream.Err).SelectMany(
            stream => Gen.Choose(0, 9).Select(luck => new CutLine(stream, [.. text.Select(code => (byte)code)], Newline: text.Length == 0 || luck > 0))))
        .ArrayOf()
        .ToArbitrary();

    [Fact]
    public void However_a_log_is_cut_its_lines_are_the_same() =>
        Prop.ForAll(s_logs, ArbMap.Default.ArbFor<int>(), (lines, seed) =>
            {
                var assembled = Assemble(new CutLog(lines, new Random(seed)).Pieces(), lines);
                return assembled.SequenceEqual(lines.Select((line, at) => ((ulong)at + 1, Convert.ToHexString(line.Text))));
            })
            .QuickCheckThrowOnFailure();

    [Fact]
    public void The_newest_unfinished_line_is_known_until_it_ends()
    {
        var assembler = new LineAssembler();
        _ = assembler.Take(Piece(LogStream.Out, 0, "Password: ", unfinished: true)).ToArray();
        _ = assembler.Take(Piece(LogStream.Err, 0, "10 %", unfinished: true)).ToArray();
        Assert.Equal("10 %"u8.ToArray(), assembler.Newest?.Bytes.ToArray());

        _ = assembler.Take(Piece(LogStream.Err, 1, "\n", offset: 4)).ToArray();
        Assert.Equal("Password: "u8.ToArray(), assembler.Newest?.Bytes.ToArray());

        _ = assembler.Take(Piece(LogStream.Out, 2, "ok\n", offset: 10)).ToArray();
        Assert.Null(assembler.Newest);
    }

    [Fact]
    public void A_line_that_begins_before_the_last_one_has_ended_is_refused()
    {
        var assembler = new LineAssembler();
        _ = assembler.Take(Piece(LogStream.Out, 1, "half", unfinished: true)).ToArray();
        Assert.Throws<InvalidDataException>(() => assembler.Take(Piece(LogStream.Out, 2, "other\n")).ToArray());
    }

    private static List<(ulong, string)> Assemble(IEnumerable<LogPiece> pieces, CutLine[] log)
    {
        var lines = new List<(ulong, string)>();
        var assembler = new LineAssembler(MostKept);
        var (text, open) = (new List<byte>(), false);
        foreach (var part in pieces.SelectMany(assembler.Take))
        {
            Assert.Equal(!open, part.Begins);
            open = !part.Ends;
            text.AddRange(log[part.Line - 1].Text[..(int)part.Missing]);
            text.AddRange(part.Bytes.Span);
            if (part.Ends)
            {
                lines.Add((part.Line, Convert.ToHexString([.. text])));
                text.Clear();
            }
        }

        Assert.False(open);
        return lines;
    }

    private static LogPiece Piece(LogStream stream, ulong line, string text, ulong offset = 0, bool unfinished = false) => new()
    {
        FirstLine = line,
        Step = 1,
        Attempt = 1,
        Stream = stream,
        Data = ByteString.CopyFromUtf8(text),
        Continued = offset > 0,
        Offset = offset,
        Unfinished = unfinished,
    };
}
