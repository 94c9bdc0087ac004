using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Hephaestus.Tests.EndToEnd;

/// <summary>
/// What a traced process asked of the kernel. A line of the trace is a moment: whatever follows from a call's end comes
/// behind it.
/// </summary>
internal sealed partial class SystemCalls
{
    private readonly List<SystemCall> _calls = [];

    public SystemCalls(string file)
    {
        var unfinished = new Dictionary<string, (int Line, string Text)>();
        foreach (var (number, line) in File.ReadLines(file).Index())
        {
            var (thread, text) = (line.Split(' ')[0], line[line.IndexOf(' ', StringComparison.Ordinal)..].TrimStart());
            if (text.EndsWith(" <unfinished ...>", StringComparison.Ordinal))
            {
                unfinished[thread] = (number, text[..^" <unfinished ...>".Length]);
            }
            else if (text.StartsWith("<... ", StringComparison.Ordinal))
            {
                Add(unfinished[thread].Line, number, unfinished[thread].Text + text[(text.IndexOf('>', StringComparison.Ordinal) + 1)..]);
            }
            else
            {
                Add(number, number, text);
            }
        }
    }

    /// <summary>Calls that wrote to a file, in their order.</summary>
    public IEnumerable<SystemCall> Writes(string path) => _calls.Where(call => call.Name == "pwrite64" && call.Path == path);

    /// <summary>Calls that moved bytes into a file.</summary>
    public IEnumerable<SystemCall> Moves(string path) => _calls.Where(call => call.Name == "splice" && call.Target == path && call.Result > 0);

    /// <summary>When somebody was first sent these bytes over a socket.</summary>
    public SystemCall Sent(byte[] bytes) => _calls.First(call =>
        call.Name is "sendto" or "sendmsg" && call.IsSocket && call.Bytes.AsSpan().IndexOf(bytes) >= 0);

    /// <summary>Whether a file, or a directory, was brought to the disk between two moments.</summary>
    public bool IsSynced(string path, int after, int before) => _calls.Any(call =>
        call.Name is "fsync" or "fdatasync" && call.Path == path && call.Result == 0 && call.Begin > after && call.End < before);

    private void Add(int begin, int end, string text)
    {
        if (Call.Match(text) is not { Success: true } call)
        {
            return;
        }

        var arguments = call.Groups[2].Value;
        var files = Descriptor.Matches(arguments).Select(file => Decoded(file.Groups[1].Value)).Select(Encoding.UTF8.GetString).ToArray();
        var bytes = Quoted.Matches(arguments.Contains(", ", StringComparison.Ordinal) ? arguments[arguments.IndexOf(", ", StringComparison.Ordinal)..] : "");
        _calls.Add(new SystemCall(
            call.Groups[1].Value,
            begin,
            end,
            files.FirstOrDefault(""),
            files.Length > 1 ? files[1] : "",
            Socket.IsMatch(arguments),
            [.. bytes.SelectMany(part => Decoded(part.Groups[1].Value))],
            long.Parse(call.Groups[3].Value, CultureInfo.InvariantCulture)));
    }

    private static byte[] Decoded(string text) => Convert.FromHexString(text.Replace("\\x", "", StringComparison.Ordinal));

    [GeneratedRegex(@"^(\w+)\((.*)\)\s+= (-?\d+)", RegexOptions.Singleline)]
    private static partial Regex Call { get; }

    [GeneratedRegex(@"\d+<((?:\\x[0-9a-f]{2})+)>")]
    private static partial Regex Descriptor { get; }

    [GeneratedRegex(@"^\d+<(?:TCP|TCPv6|UNIX-STREAM):")]
    private static partial Regex Socket { get; }

    [GeneratedRegex("\"((?:\\\\x[0-9a-f]{2})*)\"")]
    private static partial Regex Quoted { get; }
}

/// <summary>A call, by the lines of the trace in which it began and ended.</summary>
/// <param name="Path">The file of its first descriptor; empty: none.</param>
/// <param name="Target">The file of its second descriptor.</param>
/// <param name="Bytes">What it wrote.</param>
internal sealed record SystemCall(
    string Name, int Begin, int End, string Path, string Target, bool IsSocket, byte[] Bytes, long Result);
