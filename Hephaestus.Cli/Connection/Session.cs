using Grpc.Core;
using Grpc.Net.Client;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Connection;

/// <summary>What a command works with: the server, and where its answers are shown.</summary>
internal sealed class Session : IDisposable
{
    /// <summary>How long an answer may take; streams have no such bound, but pings.</summary>
    private static readonly TimeSpan s_answer = TimeSpan.FromSeconds(30);

    private readonly GrpcChannel _channel;

    /// <exception cref="UsageException">The authority's certificate cannot be used.</exception>
    public Session(Destination destination, Screen screen, SessionSettings settings, CancellationToken cancellation)
    {
        (Destination, Screen, Settings, Cancellation) = (destination, screen, settings, cancellation);
        _channel = Channels.Open(destination, settings.Verbose ? screen.Say : _ => { });
        var calls = _channel.CreateCallInvoker();
        Client = new ServiceClient(destination.Credentials.Token is { } token ? new TokenCalls(calls, token) : calls);
        Patience = new Patience(settings.RetryFor, Describe, screen.Say, TimeProvider.System);
    }

    public Destination Destination { get; }

    public Screen Screen { get; }

    public SessionSettings Settings { get; }

    /// <summary>Set when the user interrupts.</summary>
    public CancellationToken Cancellation { get; }

    public ServiceClient Client { get; }

    public Patience Patience { get; }

    /// <summary>Options of a call with one answer.</summary>
    public CallOptions Unary => new(deadline: DateTime.UtcNow + s_answer, cancellationToken: Cancellation);

    /// <summary>All about an execution.</summary>
    /// <exception cref="RpcException">The server refused, was never there, or has been away for too long.</exception>
    public Task<Execution> FindAsync(uint id) =>
        Patience.AskAsync(() => Client.GetExecutionAsync(new GetExecutionRequest { Id = id }, Unary), Cancellation);

    /// <summary>A failure in words.</summary>
    public string Describe(RpcException fault) => Faults.Describe(fault, Destination);

    public void Dispose() => _channel.Dispose();
}

/// <summary>What the user asked for, whatever the command.</summary>
/// <param name="Json">Output is JSON.</param>
/// <param name="Verbose">Tell how the connection is made.</param>
/// <param name="RetryFor">How long a broken stream is tried again; null: for ever.</param>
internal sealed record SessionSettings(bool Json, bool Verbose, TimeSpan? RetryFor);
