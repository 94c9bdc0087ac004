using System.Collections.Immutable;

namespace Hephaestus.Server.Plans;

/// <summary>Finds the tags of a text, with their attributes and bodies; knows form only, no meaning.</summary>
internal sealed class TagReader(string text, Findings findings)
{
    private readonly TextCursor _cursor = new(text);

    // What follows an unknown or broken tag, or a first line that is nothing, is the same mistake and told once.
    private bool _lost;

    /// <summary>All tags, in order. What cannot be read is told, and reading goes on behind it.</summary>
    public ImmutableArray<Tag> Read()
    {
        var tags = ImmutableArray.CreateBuilder<Tag>();
        while (!_cursor.AtEnd)
        {
            if (ReadLine() is { } tag)
            {
                tags.Add(tag);
            }
        }

        return tags.ToImmutable();
    }

    private Tag? ReadLine()
    {
        _cursor.SkipBlanks();
        if (_cursor.Current == '<' && BodyReader.OpeningTagAt(text, _cursor.Position) is { } kind)
        {
            return ReadTag(kind);
        }

        if (_cursor.RestOfLine is not ([] or ['#', ..]))
        {
            ReportStray();
        }

        _cursor.SkipLine();
        return null;
    }

    private Tag ReadTag(TagKind kind)
    {
        var start = _cursor.Position;
        _cursor.Position += 1 + kind.Name().Length;
        var (attributes, damaged, end) = new AttributeReader(_cursor, findings, kind, start).Read();
        _lost = end == TagEnd.NoBody;
        var (body, bodyOffset) = end == TagEnd.BodyFollows
            ? new BodyReader(_cursor, findings, kind, start).Read()
            : ("", _cursor.Position);
        return new Tag(kind, start, attributes, damaged, body, bodyOffset);
    }

    private void ReportStray()
    {
        if (_lost)
        {
            return;
        }

        var closing = BodyReader.ClosingTagAt(text, _cursor.Position);
        _lost = closing is null;
        findings.Error(_cursor.Position, closing is var (kind, _) ? $"</{kind.Name()}> closes nothing" : StrayText());
    }

    private string StrayText()
    {
        const string meaning = "text outside of tags; a comment's line begins with #";
        if (_cursor.Current != '<')
        {
            return meaning;
        }

        _cursor.Position++;
        _cursor.SkipWhile(c => c == '/');
        var name = _cursor.TakeWhile(AttributeReader.IsNameCharacter);
        var guess = Spelling.Nearest(name, TagNames.All.Select(tag => tag.Name), most: 2);
        return name == "" ? meaning
            : guess is null ? $"{Spelling.Quote(name)} is no tag; there are <plan>, <step> and <recovery>"
            : $"{Spelling.Quote(name)} is no tag; did you mean <{guess}>?";
    }
}
