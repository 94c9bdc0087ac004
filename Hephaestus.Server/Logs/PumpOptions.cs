namespace Hephaestus.Server.Logs;

/// <summary>How the pump waits.</summary>
internal sealed record PumpOptions
{
    /// <summary>How long output is waited for after its step has ended.</summary>
    public TimeSpan LateOutput { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a full disk is tried again.</summary>
    public TimeSpan SpaceRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>After how long a line is shown as it is, without its end.</summary>
    public TimeSpan Unfinished { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Read and write, though the filesystem may know splice.</summary>
    public bool Copy { get; init; }

    /// <summary>The times in the index.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>One of an attempt's two outputs.</summary>
/// <param name="Fifo">Exists; somebody else makes and removes it.</param>
internal sealed record PumpedOutput(LogFile File, string Fifo);

/// <summary>Sources whose output stays in their FIFOs, since it cannot be written.</summary>
internal sealed record PumpStall(int Sources, string? Reason);

/// <summary>Bytes of an attempt's output when its process had ended.</summary>
internal sealed record OutputLengths(long Out, long Err);

/// <summary>What became of an attempt's output after its process had ended.</summary>
/// <param name="StillHeld">Somebody could still write when it was given up.</param>
/// <param name="Bytes">Bytes printed since.</param>
internal sealed record LateOutput(bool StillHeld, long Bytes);
