namespace Hephaestus.Server.Plans;

/// <summary>
/// Reads a body, from behind the opening tag's <c>&gt;</c> to behind the closing tag. On the opening tag's own line
/// the line's last closing tag ends it; otherwise the first one that begins a line.
/// </summary>
internal sealed class BodyReader(TextCursor cursor, Findings findings, TagKind kind, int tagOffset)
{
    public (string Body, int Offset) Read()
    {
        var start = cursor.Position;
        if (ClosingTagIn(cursor.RestOfLine) is var (offset, length, closed))
        {
            cursor.Position += offset;
            CheckKind(closed);
            cursor.Position += length;
            FinishLine();
            return (cursor.Text.Substring(start, offset), start);
        }

        start = cursor.RestOfLine.Trim(" \t").IsEmpty ? Math.Min(cursor.LineEnd + 1, cursor.Text.Length) : start;
        var end = FindEnd();
        return (cursor.Text[start..Math.Max(start, end)], start);
    }

    /// <summary>The kind of the opening tag that begins at <paramref name="offset"/>; null: none does.</summary>
    public static TagKind? OpeningTagAt(string text, int offset)
    {
        foreach (var (name, kind) in TagNames.All)
        {
            var behind = offset + 1 + name.Length;
            if (text.AsSpan(offset + 1).StartsWith(name)
                && (behind == text.Length || TextCursor.IsWhite(text[behind]) || text[behind] is '>' or '/'))
            {
                return kind;
            }
        }

        return null;
    }

    /// <summary>The kind and length of the closing tag that begins at <paramref name="offset"/>; null: none does.</summary>
    public static (TagKind Kind, int Length)? ClosingTagAt(ReadOnlySpan<char> text, int offset)
    {
        var here = text[offset..];
        foreach (var (name, kind) in TagNames.All)
        {
            if (here.StartsWith("</") && here[2..].StartsWith(name))
            {
                var behind = here[(2 + name.Length)..].TrimStart(" \t");
                return behind.StartsWith(">") ? (kind, here.Length - behind.Length + 1) : null;
            }
        }

        return null;
    }

    /// <summary>The line's last closing tag of this kind, or one of another kind that ends the line.</summary>
    private (int Offset, int Length, TagKind Kind)? ClosingTagIn(ReadOnlySpan<char> line)
    {
        for (var at = line.LastIndexOf("</"); at >= 0; at = line[..at].LastIndexOf("</"))
        {
            if (ClosingTagAt(line, at) is var (closed, length)
                && (closed == kind || line[(at + length)..].Trim(" \t").IsEmpty))
            {
                return (at, length, closed);
            }
        }

        return null;
    }

    /// <summary>Leaves the cursor behind the closing tag's line; the offset of the new line before that line.</summary>
    private int FindEnd()
    {
        for (cursor.SkipLine(); !cursor.AtEnd; cursor.SkipLine())
        {
            var end = cursor.Position - 1;
            cursor.SkipBlanks();
            if (cursor.Current != '<')
            {
                continue;
            }

            if (ClosingTagAt(cursor.Text, cursor.Position) is var (closed, length))
            {
                CheckKind(closed);
                cursor.Position += length;
                FinishLine();
                return end;
            }

            if (OpeningTagAt(cursor.Text, cursor.Position) is { } next)
            {
                ReportUnclosed(next);
                return end;
            }
        }

        findings.Error(tagOffset, $"this <{kind.Name()}> is not closed; </{kind.Name()}> must begin a line");
        return cursor.Text.Length;
    }

    private void ReportUnclosed(TagKind next) => findings.Error(
        cursor.Position,
        $"<{next.Name()}> begins here, but the <{kind.Name()}> before it is not closed; "
        + $"</{kind.Name()}> must begin a line, and a command's line cannot begin with <{next.Name()}>");

    private void CheckKind(TagKind closed)
    {
        if (closed != kind)
        {
            findings.Error(cursor.Position, $"</{closed.Name()}> closes a <{kind.Name()}>; write </{kind.Name()}>");
        }
    }

    private void FinishLine()
    {
        cursor.SkipBlanks();
        if (!cursor.RestOfLine.IsEmpty)
        {
            findings.Error(cursor.Position, $"text after </{kind.Name()}>; what follows must begin its own line");
        }

        cursor.SkipLine();
    }
}
