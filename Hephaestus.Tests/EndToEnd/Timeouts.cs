namespace Hephaestus.Tests.EndToEnd;

/// <summary>The one bound on every await of a test: reaching it is a failure, however slow the machine.</summary>
internal static class Timeouts
{
    public static TimeSpan Default { get; } = TimeSpan.FromSeconds(90);

    public static Task DefaultTimeout(this Task task) => task.WaitAsync(Default);

    public static Task<T> DefaultTimeout<T>(this Task<T> task) => task.WaitAsync(Default);
}
