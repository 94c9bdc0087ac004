using Grpc.Core;

namespace Hephaestus.Server.Streaming;

/// <summary>Statuses as gRPC spells them.</summary>
internal static class StatusWords
{
    /// <summary><c>OK</c>, <c>PERMISSION_DENIED</c>; a number that is none of gRPC's is itself.</summary>
    public static string Of(StatusCode status) => status == StatusCode.OK ? "OK" : string.Concat(
        $"{status}".Select((letter, at) => at > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{char.ToUpperInvariant(letter)}"));
}
