namespace Grpc.Core;

/// <summary>A call's end: a code, a text for people and, on the side that saw it, the exception behind it.</summary>
#pragma warning disable CA1815 // Override equals and operator equals on value types: the real package's has neither
public readonly struct Status
#pragma warning restore CA1815
{
    /// <summary>Done, nothing to add.</summary>
    public static readonly Status DefaultSuccess = new(StatusCode.OK, "");

    /// <summary>Cancelled, nothing to add.</summary>
    public static readonly Status DefaultCancelled = new(StatusCode.Cancelled, "");

    private readonly string? _detail;

    /// <summary>A status without an exception.</summary>
    public Status(StatusCode statusCode, string detail) : this(statusCode, detail, null)
    {
    }

    /// <summary>A status with the exception that led to it; the exception never travels.</summary>
    public Status(StatusCode statusCode, string detail, Exception? debugException)
    {
        StatusCode = statusCode;
        _detail = detail;
        DebugException = debugException;
    }

    /// <summary>The code.</summary>
    public StatusCode StatusCode { get; }

    /// <summary>The text; never null.</summary>
    public string Detail => _detail ?? "";

    /// <summary>What was caught on this side, if anything.</summary>
    public Exception? DebugException { get; }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = $"Status(StatusCode=\"{StatusCode}\", Detail=\"{Detail}\"";
        return DebugException is null
            ? text + ")"
            : $"{text}, DebugException=\"{DebugException.GetType()}: {DebugException.Message}\")";
    }
}
