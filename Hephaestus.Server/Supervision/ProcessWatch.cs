using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace Hephaestus.Server.Supervision;

/// <summary>
/// Waits for descriptors that .NET cannot await, those of processes above all: one thread and one epoll for all of them.
/// </summary>
internal sealed class ProcessWatch
{
    private static readonly Lazy<ProcessWatch> s_instance = new(() => new ProcessWatch());

    private readonly SafeFileHandle _epoll = Libc.NewEpoll();
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _waiting = new();
    private int _lastKey;

    private ProcessWatch() => new Thread(Run) { IsBackground = true, Name = "processes" }.Start();

    /// <summary>Completes when something can be read: a process's descriptor says so when that has ended.</summary>
    public static Task ReadableAsync(SafeFileHandle file, CancellationToken cancellation) =>
        s_instance.Value.WaitAsync(file, Libc.EPOLLIN, cancellation);

    /// <summary>Completes when a process was reaped by its parent; kernels before 6.9 do not tell.</summary>
    public static Task ReapedAsync(SafeFileHandle process, CancellationToken cancellation) =>
        s_instance.Value.WaitAsync(process, 0, cancellation);

    private async Task WaitAsync(SafeFileHandle file, uint events, CancellationToken cancellation)
    {
        var key = Interlocked.Increment(ref _lastKey);
        var happened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[key] = happened;
        try
        {
            Libc.Watch(_epoll, Libc.EPOLL_CTL_ADD, file, events | Libc.EPOLLONESHOT, key);
            await happened.Task.WaitAsync(cancellation);
        }
        finally
        {
            _waiting.TryRemove(key, out _);
            Libc.Unwatch(_epoll, file);
        }
    }

    private void Run()
    {
        while (true)
        {
            if (_waiting.TryGetValue(Libc.Wait(_epoll).Key, out var happened))
            {
                happened.TrySetResult();
            }
        }
    }
}
