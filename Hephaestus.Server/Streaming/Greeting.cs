using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Hephaestus.Server.Streaming;

/// <summary>
/// Closes a connection that does not begin as HTTP/2 does within a time: the HTTP/2 server takes one that says nothing at all
/// for one that is idle.
/// </summary>
internal static class Greeting
{
    /// <summary>Bytes that every client sends at once, RFC 9113, section 3.4.</summary>
    private const int Length = 24;

    public static void Require(ListenOptions listen, TimeSpan within) => listen.Use(next => async connection =>
    {
        if (await HasComeAsync(connection, within))
        {
            await next(connection);
        }
    });

    private static async Task<bool> HasComeAsync(ConnectionContext connection, TimeSpan within)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        late.CancelAfter(within);
        try
        {
            while (await connection.Transport.Input.ReadAsync(late.Token) is var read)
            {
                var enough = read.Buffer.Length >= Length;
                connection.Transport.Input.AdvanceTo(read.Buffer.Start, enough ? read.Buffer.Start : read.Buffer.End);
                if (enough || read.IsCompleted)
                {
                    return enough;
                }
            }
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // It went away, or has had its time.
        }

        return false;
    }
}
