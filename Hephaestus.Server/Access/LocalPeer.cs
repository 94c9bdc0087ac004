using System.Net.Sockets;
using Hephaestus.Server.Supervision;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Hephaestus.Server.Access;

/// <summary>Who is at the other end of a connection through the unix socket; a feature of the connection.</summary>
internal sealed record LocalPeer(Proof Proof)
{
    /// <summary>Asks the kernel, once a connection. Nobody could be told apart without an answer: then it is closed.</summary>
    public static ConnectionDelegate Ask(ConnectionDelegate next, UserNames names) => connection =>
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket || Of(socket, names) is not { } peer)
        {
            connection.Abort(new ConnectionAbortedException("The kernel does not tell who connected."));
            return Task.CompletedTask;
        }

        connection.Features.Set(peer);
        return next(connection);
    };

    /// <summary>Null: the socket is no unix socket.</summary>
    public static LocalPeer? Of(Socket socket, UserNames names) => Libc.Peer(socket) is var (user, group)
        ? new LocalPeer(new Proof(
            [
                new Principal.User(user),
                .. Libc.PeerGroups(socket).Prepend(group).Distinct().Select(id => new Principal.Group(id)),
            ],
            names.Of(user)))
        : null;
}
