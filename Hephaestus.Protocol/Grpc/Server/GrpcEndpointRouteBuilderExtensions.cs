using System.Diagnostics.CodeAnalysis;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Adds services to a server's endpoints.</summary>
public static class GrpcEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Adds a service that derives from a generated base. An instance serves each call: the registered one, else one
    /// made for the call. Throws InvalidOperationException when AddGrpc was not called or the type is no service.
    /// </summary>
    public static GrpcServiceEndpointConventionBuilder MapGrpcService<
        [DynamicallyAccessedMembers(ServiceMethods.Reflected)] TService>(this IEndpointRouteBuilder builder)
        where TService : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        var calls = builder.ServiceProvider.GetService<ServerCallFactory>() ?? throw new InvalidOperationException(
            "Unable to find the required services. Please add all the required services by calling"
            + " 'IServiceCollection.AddGrpc' in the application startup code.");
        var methods = ServiceMethods.Of<TService>(calls);
        var unknown = builder.ServiceProvider.GetRequiredService<UnknownMethods>();
        List<IEndpointConventionBuilder> endpoints =
        [
            .. methods.Select(method => builder
                .MapPost(method.Method.FullName, method.InvokeAsync)
                .WithDisplayName($"gRPC - {method.Method.FullName}")),
            .. unknown.Map(builder),
        ];
        return new GrpcServiceEndpointConventionBuilder(endpoints);
    }
}

/// <summary>Adds conventions to all methods of a service.</summary>
public sealed class GrpcServiceEndpointConventionBuilder : IEndpointConventionBuilder
{
    private readonly List<IEndpointConventionBuilder> _endpoints;

    internal GrpcServiceEndpointConventionBuilder(List<IEndpointConventionBuilder> endpoints) => _endpoints = endpoints;

    /// <inheritdoc/>
    public void Add(Action<EndpointBuilder> convention) => _endpoints.ForEach(endpoint => endpoint.Add(convention));
}
