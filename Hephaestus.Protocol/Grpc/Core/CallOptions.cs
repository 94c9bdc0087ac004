namespace Grpc.Core;

/// <summary>What a caller says about one call.</summary>
public readonly struct CallOptions
{
    /// <summary>
    /// Headers, deadline (UTC), cancellation and write options; each may be left out. Nothing makes a propagation token or
    /// credentials of a call here, so they are always absent.
    /// </summary>
#pragma warning disable CA1068 // CancellationToken parameters must come last: the order is that of the real package
    public CallOptions(
        Metadata? headers = null,
        DateTime? deadline = null,
        CancellationToken cancellationToken = default,
        WriteOptions? writeOptions = null,
        ContextPropagationToken? propagationToken = null,
        CallCredentials? credentials = null)
#pragma warning restore CA1068
    {
        _ = (propagationToken, credentials);
        Headers = headers;
        Deadline = deadline;
        CancellationToken = cancellationToken;
        WriteOptions = writeOptions;
    }

    /// <summary>Headers to send.</summary>
    public Metadata? Headers { get; }

    /// <summary>When the call ends with DEADLINE_EXCEEDED, in UTC; null: never.</summary>
    public DateTime? Deadline { get; }

    /// <summary>Ends the call with CANCELLED.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>How requests are written.</summary>
    public WriteOptions? WriteOptions { get; }

    /// <summary>The same with other headers.</summary>
    public CallOptions WithHeaders(Metadata headers) => new(headers, Deadline, CancellationToken, WriteOptions);

    /// <summary>The same with another deadline, in UTC.</summary>
    public CallOptions WithDeadline(DateTime deadline) => new(Headers, deadline, CancellationToken, WriteOptions);

    /// <summary>The same with another token.</summary>
    public CallOptions WithCancellationToken(CancellationToken cancellationToken) =>
        new(Headers, Deadline, cancellationToken, WriteOptions);

    /// <summary>The same with other write options.</summary>
    public CallOptions WithWriteOptions(WriteOptions writeOptions) =>
        new(Headers, Deadline, CancellationToken, writeOptions);
}
