using Grpc.Core;
using Grpc.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Grpc.AspNetCore.Server;

/// <summary>Answers UNIMPLEMENTED where nothing is mapped, for gRPC requests only: a web page may live beside.</summary>
internal sealed class UnknownMethods
{
    private const string Pattern = "/{unimplementedService}/{unimplementedMethod}";

    private bool _isMapped;

    /// <summary>The fallback, the first time; it serves all services.</summary>
    public IEnumerable<IEndpointConventionBuilder> Map(IEndpointRouteBuilder builder)
    {
        if (_isMapped)
        {
            return [];
        }

        _isMapped = true;
        var pattern = RoutePatternFactory.Parse(
            Pattern, defaults: null, parameterPolicies: new RouteValueDictionary { ["unimplementedService"] = new GrpcOnly() });
        return
        [
            builder.Map(pattern, Refuse)
                .WithMetadata(new HttpMethodMetadata([HttpMethods.Post]))
                .WithDisplayName("gRPC - Unimplemented method"),
        ];
    }

    private static Task Refuse(HttpContext http)
    {
        if (RequestCheck.IsGrpc(http))
        {
            RequestCheck.Refuse(http, new Status(StatusCode.Unimplemented, $"Unknown method '{http.Request.Path}'."));
        }

        return Task.CompletedTask;
    }

    private sealed class GrpcOnly : IRouteConstraint
    {
        public bool Match(
            HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
            HeaderNames.IsGrpc(httpContext?.Request.ContentType);
    }
}
