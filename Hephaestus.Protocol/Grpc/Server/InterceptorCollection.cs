using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server;

/// <summary>Interceptors in the order in which calls pass through them.</summary>
public class InterceptorCollection : Collection<InterceptorRegistration>
{
    private const DynamicallyAccessedMemberTypes Constructors = DynamicallyAccessedMemberTypes.PublicConstructors;

    /// <summary>
    /// Adds an interceptor: the one that is registered with the services, else one made for each call from them and
    /// these arguments.
    /// </summary>
    public void Add<[DynamicallyAccessedMembers(Constructors)] TInterceptor>(params object[] args)
        where TInterceptor : Interceptor => Add(typeof(TInterceptor), args);

    /// <summary>The same by type. Throws ArgumentException for a type that is no interceptor.</summary>
    public void Add([DynamicallyAccessedMembers(Constructors)] Type interceptorType, params object[] args)
    {
        ArgumentNullException.ThrowIfNull(interceptorType);
        ArgumentNullException.ThrowIfNull(args);
        if (!interceptorType.IsSubclassOf(typeof(Interceptor)))
        {
            throw new ArgumentException($"{interceptorType} is no {nameof(Interceptor)}.", nameof(interceptorType));
        }

        Add(new InterceptorRegistration(interceptorType, args));
    }
}

/// <summary>One interceptor and what it is made with.</summary>
public class InterceptorRegistration
{
    private readonly object[] _args;
    private readonly Lazy<ObjectFactory> _factory;

    internal InterceptorRegistration(
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] Type type, object[] args)
    {
        Type = type;
        _args = args;
        _factory = new(() => ActivatorUtilities.CreateFactory(Type, [.. _args.Select(arg => arg.GetType())]));
    }

    /// <summary>The interceptor's type.</summary>
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)]
    public Type Type { get; }

    /// <summary>What its constructor gets besides services.</summary>
    public IReadOnlyList<object> Arguments => _args;

    /// <summary>The services' own, or one that the caller is to dispose.</summary>
    internal Activated<Interceptor> Activate(IServiceProvider services) =>
        _args.Length == 0 && services.GetService(Type) is Interceptor registered
            ? new Activated<Interceptor>(registered, IsOwned: false)
            : new Activated<Interceptor>((Interceptor)_factory.Value(services, _args), IsOwned: true);
}
