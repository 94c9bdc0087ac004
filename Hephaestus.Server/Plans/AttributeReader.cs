using System.Collections.Immutable;

namespace Hephaestus.Server.Plans;

/// <summary>What follows an opening tag.</summary>
internal enum TagEnd
{
    /// <summary>Its body.</summary>
    BodyFollows,

    /// <summary>Nothing that belongs to it: it was broken off, or written as an empty XML tag.</summary>
    NoBody,
}

/// <summary>Reads the attributes of an opening tag, from behind its name to behind its <c>&gt;</c>.</summary>
internal sealed class AttributeReader(TextCursor cursor, Findings findings, TagKind kind, int tagOffset)
{
    private readonly ImmutableArray<TagAttribute>.Builder _attributes = ImmutableArray.CreateBuilder<TagAttribute>();
    private readonly List<(int Offset, string Name)> _withoutValue = [];
    private bool _damaged;

    public (ImmutableArray<TagAttribute> Attributes, bool Damaged, TagEnd End) Read()
    {
        var end = ReadToEnd();
        return (_attributes.ToImmutable(), _damaged, end);
    }

    public static bool IsNameCharacter(char character) => char.IsLetterOrDigit(character) || character is '-' or '_' or '.' or ':';

    private TagEnd ReadToEnd()
    {
        while (true)
        {
            cursor.SkipWhite();
            if (cursor.AtEnd || (cursor.Current == '<' && IsFirstOfLine(cursor.Position)))
            {
                return BrokenOff();
            }

            if (cursor.Current == '>')
            {
                cursor.Position++;
                ReportWithoutValue();
                return TagEnd.BodyFollows;
            }

            if (cursor.StartsWith("/>"))
            {
                return EmptyTag();
            }

            ReadAttribute();
        }
    }

    private void ReadAttribute()
    {
        var start = cursor.Position;
        var name = cursor.TakeWhile(IsNameCharacter);
        if (name == "")
        {
            var unexpected = cursor.Text.Substring(start, char.IsHighSurrogate(cursor.Current) ? 2 : 1);
            Damage(start, $"an attribute's name is expected here, not {Spelling.Quote(unexpected)}");
            SkipRestOfLine();
            return;
        }

        var behindName = cursor.Position;
        cursor.SkipWhite();
        if (cursor.Current != '=')
        {
            cursor.Position = behindName;
            _damaged = true;
            _withoutValue.Add((start, name));
            return;
        }

        cursor.Position++;
        cursor.SkipWhite();
        ReadValue(name, start);
    }

    private void ReadValue(string name, int start)
    {
        if (cursor.Current == '"')
        {
            cursor.Position++;
            ReadQuoted(name, start);
            return;
        }

        var offset = cursor.Position;
        var value = cursor.Current == '\'' ? SingleQuoted() : cursor.TakeWhile(c => !TextCursor.IsWhite(c) && c != '>');
        findings.Error(offset, $"the value of {Spelling.Quote(name)} has no double quotes; write {name}=\"{Shortened(value)}\"");
        _attributes.Add(new TagAttribute(name, start, value, offset));
    }

    private void ReadQuoted(string name, int start)
    {
        var offset = cursor.Position;
        var end = cursor.Text.IndexOf('"', offset);
        if (end < 0 || IsRunaway(offset, end))
        {
            Damage(offset - 1, $"the value of {Spelling.Quote(name)} has no closing quote");
            SkipRestOfLine();
            return;
        }

        _attributes.Add(new TagAttribute(name, start, cursor.Text[offset..end], offset));
        cursor.Position = end + 1;
        if (!MayFollowValue(cursor.Position))
        {
            Damage(cursor.Position, $"a blank or > is expected after the value of {Spelling.Quote(name)}, which cannot hold a quote");
            SkipRestOfLine();
        }
    }

    /// <summary>
    /// A value may span lines. One that runs into a tag, or into the opening quote of a later value (which is seen by
    /// what follows that quote), lost its closing quote.
    /// </summary>
    private bool IsRunaway(int offset, int end)
    {
        var value = cursor.Text.AsSpan(offset..end);
        var newLine = value.IndexOf('\n');
        return newLine >= 0 && (!MayFollowValue(end + 1) || HoldsTag(offset + newLine, end));
    }

    private bool HoldsTag(int from, int end)
    {
        for (var at = cursor.Text.IndexOf('<', from, end - from); at >= 0; at = cursor.Text.IndexOf('<', at + 1, end - at - 1))
        {
            if (IsFirstOfLine(at))
            {
                return true;
            }
        }

        return false;
    }

    private bool MayFollowValue(int offset) =>
        cursor.Text.AsSpan(offset) is [] or [' ' or '\t' or '\n' or '>', ..] or ['/', '>', ..];

    private bool IsFirstOfLine(int offset)
    {
        var before = cursor.Text.AsSpan(0, offset).TrimEnd(" \t");
        return before.IsEmpty || before[^1] == '\n';
    }

    private string SingleQuoted()
    {
        var length = cursor.RestOfLine[1..].IndexOf('\'');
        if (length < 0)
        {
            return cursor.TakeWhile(c => !TextCursor.IsWhite(c) && c != '>');
        }

        var value = cursor.Text.Substring(cursor.Position + 1, length);
        cursor.Position += length + 2;
        return value;
    }

    private TagEnd BrokenOff()
    {
        // Words without a value are then most likely the body's, not attributes.
        Damage(tagOffset, $"the > that ends this <{kind.Name()}> is missing");
        return TagEnd.NoBody;
    }

    private TagEnd EmptyTag()
    {
        ReportWithoutValue();
        findings.Error(cursor.Position, $"a tag is not closed by />; write ></{kind.Name()}>");
        cursor.SkipLine();
        return TagEnd.NoBody;
    }

    private void ReportWithoutValue()
    {
        foreach (var (offset, name) in _withoutValue)
        {
            findings.Error(offset, $"{Spelling.Quote(name)} has no value; write {Shortened(name)}=\"…\"");
        }
    }

    private void Damage(int offset, string message)
    {
        _damaged = true;
        findings.Error(offset, message);
    }

    /// <summary>Goes to where reading makes sense again: the line's next <c>&gt;</c>, or else the next line.</summary>
    private void SkipRestOfLine() =>
        cursor.Position = cursor.RestOfLine.IndexOf('>') is >= 0 and var offset ? cursor.Position + offset : cursor.LineEnd;

    private static string Shortened(string word) => Spelling.Quote(word)[1..^1];
}
