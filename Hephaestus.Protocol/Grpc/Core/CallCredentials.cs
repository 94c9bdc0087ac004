namespace Grpc.Core;

/// <summary>What proves for one call who makes it. None can be made here: headers carry tokens just as well.</summary>
public abstract class CallCredentials
{
    internal CallCredentials()
    {
    }
}
