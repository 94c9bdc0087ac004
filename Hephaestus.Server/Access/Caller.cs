using System.Collections.Immutable;
using System.Net;
using Grpc.Core;

namespace Hephaestus.Server.Access;

/// <summary>Who makes a call.</summary>
/// <param name="Proved">What it proved to be, the most telling first; empty: nothing.</param>
/// <param name="Address">Null: it came through the unix socket.</param>
/// <param name="Name">As people know it: <c>cert:anna</c>, <c>token:ci</c>, <c>uid:anna</c>, <c>anonymous</c>.</param>
internal sealed record Caller(ImmutableArray<Principal> Proved, IPAddress? Address, string Name)
{
    private static readonly object s_key = typeof(Caller);

    /// <summary>Where it calls from: an address without its port, or "the local socket".</summary>
    public string Origin => Address?.ToString() ?? "the local socket";

    /// <summary>Whether it runs on this machine, as far as the connection tells.</summary>
    public bool IsLocal => Address is null || IPAddress.IsLoopback(Address);

    /// <summary>Of a call that has passed the guard.</summary>
    public static Caller Of(ServerCallContext context) => (Caller)context.UserState[s_key];

    /// <summary>Of a call that may not have passed the guard: then it is "unknown".</summary>
    public static Caller Find(ServerCallContext context) => context.UserState.TryGetValue(s_key, out var known)
        ? (Caller)known
        : new Caller([], Identification.Address(context.GetHttpContext().Connection), "unknown");

    /// <summary>Notes who makes a call.</summary>
    public void Sign(ServerCallContext context) => context.UserState[s_key] = this;

    /// <summary>For statuses and logs: who, from where.</summary>
    public override string ToString() => Proved.IsEmpty ? Origin : $"{Name}, {Origin}";
}
