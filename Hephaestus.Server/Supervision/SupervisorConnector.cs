using System.Globalization;
using Hephaestus.Server.Supervision.Protocol;

namespace Hephaestus.Server.Supervision;

/// <summary>Finds the supervisor of a state directory or starts one, agrees with it on a protocol, and lets go of it.</summary>
/// <param name="exited">As <see cref="SupervisorLink"/> has it; called also for those that had ended before.</param>
internal sealed class SupervisorConnector(string stateDirectory, Action<Attempt> exited)
{
    private const int MostTries = 50;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    /// <summary>For the first answer of a supervisor; one that is stopped or stuck must not hold a start up for ever.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>For the end of one that has nothing to do: it looks as soon as its server hangs up.</summary>
    private static readonly TimeSpan s_leaving = TimeSpan.FromSeconds(10);

    /// <summary>From the start on: once the file is replaced, the kernel says of the running program that it is deleted.</summary>
    private readonly string _program =
        Environment.ProcessPath ?? throw new SupervisorException("this program's own file is not known");

    private int _child;

    /// <summary>One that would not go: it is not asked to again.</summary>
    private int _kept;

    /// <summary>Connects; where there is no supervisor, starts one.</summary>
    /// <exception cref="SupervisorException">There is none, none can be started, or no common language is spoken.</exception>
    public async Task<SupervisorLink> OpenAsync(CancellationToken cancellation)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            if (await ConnectAsync(cancellation) is { } link)
            {
                return link;
            }

            Libc.Reap(_child);
            if (!await SupervisorLauncher.StartAsync(_program, stateDirectory, pid => _child = pid, cancellation))
            {
                await Task.Delay(s_pause, cancellation);
                Libc.Reap(_child);
            }
        }

        throw new SupervisorException($"the supervisor of {stateDirectory} cannot be reached; its supervisor.log may say why");
    }

    /// <summary>
    /// Hangs up, whereupon a supervisor that holds nothing ends: that is all that it takes with one of any version.
    /// False: it is there still, so it holds something, or it is stopped.
    /// </summary>
    public async Task<bool> LetGoAsync(SupervisorLink link, CancellationToken cancellation)
    {
        using var process = Libc.OpenProcess(link.Supervisor.Pid);
        await link.DisposeAsync();
        if (process is null)
        {
            return true;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(s_leaving);
        try
        {
            await ProcessWatch.ReadableAsync(process, patience.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            _kept = link.Supervisor.Pid;
            return false;
        }
    }

    /// <summary>Connects, and makes sure that somebody answers: the supervisor may be about to go.</summary>
    private async Task<SupervisorLink?> ConnectAsync(CancellationToken cancellation)
    {
        if (await SupervisorSocket.ConnectAsync(stateDirectory, cancellation) is not { } socket)
        {
            return null;
        }

        var link = new SupervisorLink(socket, exited);
        if (await FirstListAsync(link, cancellation) is not { } held)
        {
            await link.DisposeAsync();
            return null;
        }

        // One that this server started is as new as the file that it was started from.
        link.Supervisor = SupervisorIdentity.Of(held, held.Pid == _child || held.Pid == _kept);
        return await AgreedAsync(link, held, cancellation);
    }

    private static async Task<Attempts?> FirstListAsync(SupervisorLink link, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(s_patience);
        try
        {
            return (await link.ListAsync(patience.Token))?.Attempts;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            await link.DisposeAsync();
            throw new SupervisorException($"the supervisor does not answer within {s_patience.TotalSeconds} s; is it stopped?");
        }
    }

    private async Task<SupervisorLink?> AgreedAsync(SupervisorLink link, Attempts held, CancellationToken cancellation)
    {
        if (link.Supervisor.Protocol is not null)
        {
            foreach (var attempt in held.Attempts_)
            {
                exited(attempt);
            }

            return link;
        }

        return await LetGoAsync(link, cancellation) ? null : throw new SupervisorException(
            string.Create(CultureInfo.InvariantCulture, $"the supervisor {held.Pid} of {stateDirectory} speaks ")
            + $"{ProtocolRange.Of(held)} of its protocol, this program {ProtocolRange.OfThisProgram}, and it holds steps; "
            + $"start hephaestus {held.Version} again until they have ended, then this one. Nothing is lost meanwhile");
    }
}

/// <summary>What a supervisor says of itself.</summary>
/// <param name="Protocol">The version to be spoken with it; null: it and this program have none in common.</param>
/// <param name="IsOther">It is another build than this program, and may be replaced when it has nothing to do.</param>
internal sealed record SupervisorIdentity(int Pid, string Version, uint? Protocol, bool IsOther)
{
    public static SupervisorIdentity Of(Attempts answer, bool isOwn) => new(
        answer.Pid,
        answer.Version,
        ProtocolRange.OfThisProgram.Common(ProtocolRange.Of(answer)),
        !isOwn && answer.Build != Build.Id);
}
