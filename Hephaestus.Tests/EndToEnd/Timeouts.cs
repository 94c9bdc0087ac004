namespace Hephaestus.Tests.EndToEnd;

/// <summary>The one bound on every await of a test: reaching it is a failure, however slow the machine.</summary>
internal static class Timeouts
{
    private static readonly TimeSpan s_default = TimeSpan.FromSeconds(90);

    public static Task DefaultTimeout(this Task task) => task.WaitAsync(s_default);

    public static Task<T> DefaultTimeout<T>(this Task<T> task) => task.WaitAsync(s_default);
}
