namespace Hephaestus.Server.Facts;

/// <summary>
/// Runs what may hang for ever (users and directories may lie on a machine that does not answer), each time on a thread of
/// its own, where there may be one more, that ends afterwards. At most so many run, or hang, at once; all others wait for them.
/// </summary>
#pragma warning disable CA1001 // Types that own disposable fields should be disposable: a thread that hangs may release it last
internal sealed class OwnThreads(int most, string name)
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _threads = new(most);

    /// <summary>What the work gives or throws; whoever gives up leaves it to itself.</summary>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken patience)
    {
        await _threads.WaitAsync(patience);
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            new Thread(Run) { IsBackground = true, Name = name }.Start();
        }
        catch (OutOfMemoryException)
        {
            // The limit of threads is reached: those of the pool are there, and not more of them can hang.
            ThreadPool.UnsafeQueueUserWorkItem(_ => Run(), null);
        }

        return await done.Task.WaitAsync(patience);

        void Run()
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception fault)
            {
                done.SetException(fault);
            }
            finally
            {
                _threads.Release();
            }
        }
    }
}
