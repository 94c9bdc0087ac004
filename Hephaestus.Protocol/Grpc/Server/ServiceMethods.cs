using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server;

/// <summary>
/// The methods of a service type, from the generated code: the static BindService that [BindServiceMethod] names lists
/// them, and a delegate to the service's override of the same name handles each.
/// </summary>
internal sealed class ServiceMethods<[DynamicallyAccessedMembers(ServiceMethods.Reflected)] TService>(
    ServerCallFactory calls) : ServiceBinderBase
    where TService : class
{
    private readonly ObjectFactory<TService> _factory = ActivatorUtilities.CreateFactory<TService>([]);
    private readonly Pipeline _pipeline = new([.. calls.Options.Interceptors]);

    public List<ServerMethod> Methods { get; } = [];

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
    {
        var open = Open<Func<TService, TRequest, ServerCallContext, Task<TResponse>>>(
            method, [typeof(TRequest), typeof(ServerCallContext)]);
        var pipeline = _pipeline.Around<TRequest, TResponse>(async (request, context) =>
        {
            await using var service = Activate(context);
            return await open(service.Instance, request, context);
        });
        Add(method, async call =>
        {
            var request = await call.Requests.ReadSingleAsync(method.RequestMarshaller, call.CancellationToken);
            var response = await pipeline(request, call) ?? throw NoResponse(method);
            await RespondAsync(call, method, response);
        });
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var open = Open<Func<TService, IAsyncStreamReader<TRequest>, ServerCallContext, Task<TResponse>>>(
            method, [typeof(IAsyncStreamReader<TRequest>), typeof(ServerCallContext)]);
        var pipeline = _pipeline.Around<TRequest, TResponse>(async (requests, context) =>
        {
            await using var service = Activate(context);
            return await open(service.Instance, requests, context);
        });
        Add(method, async call =>
        {
            var requests = new RequestReader<TRequest>(call, method.RequestMarshaller);
            var response = await pipeline(requests, call) ?? throw NoResponse(method);
            await RespondAsync(call, method, response);
        });
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var open = Open<Func<TService, TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task>>(
            method, [typeof(TRequest), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext)]);
        var pipeline = _pipeline.Around<TRequest, TResponse>(async (request, responses, context) =>
        {
            await using var service = Activate(context);
            await open(service.Instance, request, responses, context);
        });
        Add(method, async call =>
        {
            var request = await call.Requests.ReadSingleAsync(method.RequestMarshaller, call.CancellationToken);
            await pipeline(request, new ResponseWriter<TResponse>(call, method.ResponseMarshaller), call);
        });
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var open = Open<Func<TService, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>, ServerCallContext, Task>>(
            method, [typeof(IAsyncStreamReader<TRequest>), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext)]);
        var pipeline = _pipeline.Around<TRequest, TResponse>(async (requests, responses, context) =>
        {
            await using var service = Activate(context);
            await open(service.Instance, requests, responses, context);
        });
        Add(method, call => pipeline(
            new RequestReader<TRequest>(call, method.RequestMarshaller),
            new ResponseWriter<TResponse>(call, method.ResponseMarshaller),
            call));
    }

    private static TDelegate Open<TDelegate>(IMethod method, Type[] parameters) where TDelegate : Delegate =>
        typeof(TService).GetMethod(method.Name, parameters)?.CreateDelegate<TDelegate>()
        ?? throw new InvalidOperationException($"{typeof(TService)} has no method {method.Name} for {method.FullName}.");

    private static RpcException NoResponse(IMethod method) =>
        new(new Status(StatusCode.Cancelled, $"No message returned from method {method.FullName}."));

    /// <summary>Not flushed: headers, message and status leave together.</summary>
    private static Task RespondAsync<TRequest, TResponse>(
        HttpServerCall call, Method<TRequest, TResponse> method, TResponse response)
    {
        var flags = (call.WriteOptions?.Flags ?? default) | WriteFlags.BufferHint;
        return call.Status.StatusCode == StatusCode.OK
            ? call.WriteAsync(method.ResponseMarshaller, response, new WriteOptions(flags), call.CancellationToken)
            : Task.CompletedTask;
    }

    private void Add(IMethod method, Func<HttpServerCall, Task> handle) =>
        Methods.Add(new ServerMethod(method, calls, handle));

    private Activated<TService> Activate(ServerCallContext context)
    {
        var services = context.GetHttpContext().RequestServices;
        return services.GetService<TService>() is { } registered
            ? new Activated<TService>(registered, IsOwned: false)
            : new Activated<TService>(_factory(services, []), IsOwned: true);
    }
}

/// <summary>Finds the methods of a service type.</summary>
internal static class ServiceMethods
{
    /// <summary>What must survive trimming of a service type.</summary>
    public const DynamicallyAccessedMemberTypes Reflected =
        DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicMethods;

    public static List<ServerMethod> Of<[DynamicallyAccessedMembers(Reflected)] TService>(ServerCallFactory calls)
        where TService : class
    {
        var binder = new ServiceMethods<TService>(calls);
        BindMethodOf(typeof(TService)).Invoke(null, [binder, null]);
        return binder.Methods;
    }

    private static MethodInfo BindMethodOf(Type service) =>
        service.GetCustomAttribute<BindServiceMethodAttribute>(inherit: true) is { } attribute
        && attribute.BindType
            .GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .FirstOrDefault(method => method.Name == attribute.BindMethodName && IsFor(service, method)) is { } bind
            ? bind
            : throw new InvalidOperationException($"{service} does not derive from a generated service base.");

    private static bool IsFor(Type service, MethodInfo method) =>
        method.GetParameters() is [var binder, var implementation]
        && binder.ParameterType == typeof(ServiceBinderBase)
        && implementation.ParameterType.IsAssignableFrom(service);
}
