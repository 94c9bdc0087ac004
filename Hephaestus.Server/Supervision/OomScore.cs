using System.Globalization;
using System.Text;

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
    private readonly bool _lowers;

    public OomScore() => _lowers = _original > Low && Set(Low);

    /// <summary>As it was when the process started: before a child is made.</summary>
    public void Reset() => _ = _lowers && Set(_original);

    /// <summary>Low again.</summary>
    public void Lower() => _ = _lowers && Set(Low);

    private static bool Set(int score)
    {
        try
        {
            using var file = Libc.Open(File, Libc.O_WRONLY);
            return Libc.Write(file, Encoding.ASCII.GetBytes(score.ToString(CultureInfo.InvariantCulture))) > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
