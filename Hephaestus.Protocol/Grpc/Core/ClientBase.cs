namespace Grpc.Core;

/// <summary>What all generated clients share.</summary>
public abstract class ClientBase
{
    /// <summary>For test doubles, which make no calls.</summary>
    protected ClientBase()
    {
    }

    /// <summary>A client of this channel.</summary>
    protected ClientBase(ChannelBase channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        Configuration = new ClientBaseConfiguration(channel.CreateCallInvoker());
    }

    /// <summary>A client of this invoker.</summary>
    protected ClientBase(CallInvoker callInvoker)
    {
        ArgumentNullException.ThrowIfNull(callInvoker);
        Configuration = new ClientBaseConfiguration(callInvoker);
    }

    /// <summary>A client with the configuration of another.</summary>
    protected ClientBase(ClientBaseConfiguration configuration) => Configuration = configuration;

    /// <summary>Starts this client's calls. Throws InvalidOperationException in a test double.</summary>
    protected CallInvoker CallInvoker =>
        Configuration?.Invoker ?? throw new InvalidOperationException("This client has no channel.");

    private ClientBaseConfiguration? Configuration { get; }

    /// <summary>What a client hands to a copy of itself.</summary>
    protected internal class ClientBaseConfiguration
    {
        internal ClientBaseConfiguration(CallInvoker invoker) => Invoker = invoker;

        internal CallInvoker Invoker { get; }
    }
}

/// <summary>The base of a generated client.</summary>
public abstract class ClientBase<T> : ClientBase where T : ClientBase<T>
{
    /// <summary>For test doubles, which make no calls.</summary>
    protected ClientBase()
    {
    }

    /// <summary>A client of this channel.</summary>
    protected ClientBase(ChannelBase channel) : base(channel)
    {
    }

    /// <summary>A client of this invoker.</summary>
    protected ClientBase(CallInvoker callInvoker) : base(callInvoker)
    {
    }

    /// <summary>A client with the configuration of another.</summary>
    protected ClientBase(ClientBaseConfiguration configuration) : base(configuration)
    {
    }

    /// <summary>Another client of this type.</summary>
    protected abstract T NewInstance(ClientBaseConfiguration configuration);
}
