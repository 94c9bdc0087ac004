namespace Grpc.Core;

/// <summary>Hints for a message that is written.</summary>
[Flags]
public enum WriteFlags
{
    /// <summary>More will follow soon: need not be sent at once.</summary>
    BufferHint = 0x1,

    /// <summary>Not worth compressing, or compressed already.</summary>
    NoCompress = 0x2,
}

/// <summary>How a message is written.</summary>
public class WriteOptions
{
    /// <summary>Nothing special.</summary>
    public static readonly WriteOptions Default = new();

    /// <summary>Options with these flags.</summary>
    public WriteOptions(WriteFlags flags = default) => Flags = flags;

    /// <summary>The flags.</summary>
    public WriteFlags Flags { get; }
}
