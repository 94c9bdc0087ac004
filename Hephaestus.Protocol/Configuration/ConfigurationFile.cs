using System.Collections.Immutable;
using System.Text;

namespace Hephaestus.Protocol.Configuration;

/// <summary>Reads a configuration file with the files that it includes.</summary>
public sealed class ConfigurationFile
{
    /// <summary>Bytes of one file; whatever is longer is no configuration.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Files read in all: files that include each other twice would take for ever without being a loop.</summary>
    public const int MaxFiles = 1000;

    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ImmutableArray<ConfigurationEntry>.Builder _entries = ImmutableArray.CreateBuilder<ConfigurationEntry>();
    private readonly ImmutableArray<ConfigurationProblem>.Builder _problems = ImmutableArray.CreateBuilder<ConfigurationProblem>();
    private readonly HashSet<string> _paths = new(StringComparer.Ordinal);
    private int _files;

    private ConfigurationFile()
    {
    }

    /// <summary>Never throws for what a file holds or for a file that cannot be read: that is a problem in the result.</summary>
    public static Configuration Read(string path)
    {
        var reader = new ConfigurationFile();
        reader.Read(path, ImmutableStack<string>.Empty, message => new(path, 0, null, message, IsError: true));
        return new Configuration(reader._entries.ToImmutable(), reader._problems.ToImmutable()) { Files = [.. reader._paths] };
    }

    private void Read(string path, ImmutableStack<string> includedFrom, Func<string, ConfigurationProblem> error)
    {
        var full = Path.GetFullPath(path);
        if (includedFrom.Contains(full))
        {
            _problems.Add(error($"{full} includes itself: {string.Join(" -> ", includedFrom.Reverse().Append(full))}"));
            return;
        }

        if (++_files > MaxFiles)
        {
            // Once is enough: every further include says the same.
            if (_files == MaxFiles + 1)
                _problems.Add(error($"more than {MaxFiles} files are included"));
            return;
        }

        _paths.Add(full);
        if (Text(path, error) is { } text)
        {
            Take(text, path, includedFrom.Push(full));
        }
    }

    private void Take(string text, string path, ImmutableStack<string> open)
    {
        foreach (var line in ConfigurationText.Parse(text, path))
        {
            switch (line)
            {
                case ConfigurationLine.Entry entry:
                    _entries.Add(entry.Value);
                    break;
                case ConfigurationLine.Include include when !include.Path.StartsWith('/'):
                    _problems.Add(include.Error($"\"{include.Path}\" is no absolute path; allowed is %include /absolute/path"));
                    break;
                case ConfigurationLine.Include include:
                    Read(include.Path, open, include.Error);
                    break;
                case ConfigurationLine.Faulty faulty:
                    _problems.Add(faulty.Problem);
                    break;
            }
        }
    }

    private string? Text(string path, Func<string, ConfigurationProblem> error)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1);
            var bytes = new byte[MaxBytes + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length <= MaxBytes)
            {
                return s_strictUtf8.GetString(bytes.AsSpan(0, length)).TrimStart('\uFEFF');
            }

            _problems.Add(error($"{path} is longer than {MaxBytes} bytes"));
        }
        catch (DecoderFallbackException)
        {
            _problems.Add(error($"{path} is not UTF-8"));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            _problems.Add(error($"cannot be read: {unreadable.Message}"));
        }

        return null;
    }
}
