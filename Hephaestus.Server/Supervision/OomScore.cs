using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// Makes this process the last that the kernel kills for want of memory, but not its children, which would inherit that.
/// Only root may; otherwise nothing happens.
/// </summary>
internal sealed class OomScore
{
    private const string File = "/proc/self/oom_score_adj";
    private const int Low = -900;

    private readonly int _original = int.Parse(System.IO.File.ReadAllText(File), CultureInfo.InvariantCulture);

    /// <summary>Kept open: while a child is made there may be no descriptor left to open it again.</summary>
    private readonly SafeFileHandle? _file;

    public OomScore()
    {
        _file = _original > Low ? Opened() : null;
        Lower();
    }

    /// <summary>As it was when the process started: before a child is made.</summary>
    public void Reset() => Set(_original);

    /// <summary>Low again.</summary>
    public void Lower() => Set(Low);

    private static SafeFileHandle? Opened()
    {
        try
        {
            return Libc.Open(File, Libc.O_WRONLY);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private void Set(int score)
    {
        if (_file is not null)
        {
            Libc.Write(_file, Encoding.ASCII.GetBytes(score.ToString(CultureInfo.InvariantCulture)));
        }
    }
}
