using System.CommandLine;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Hephaestus.Cli.Connection;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.CommandLine;

/// <summary>A command that asks a server.</summary>
internal abstract class Verb : Command
{
    private readonly CommonOptions _common;
    private readonly Screen _screen;

    protected Verb(Surroundings surroundings, string name, string description)
        : base(name, description)
    {
        (_common, _screen) = (surroundings.Common, surroundings.Screen);
        SetAction(ConnectAsync);
    }

    /// <summary>Does it; the exit code.</summary>
    protected abstract Task<int> RunAsync(ParseResult line, Session session);

    /// <summary>How long a stream of this command is tried again; null: for ever.</summary>
    protected virtual TimeSpan? RetryFor(ParseResult line) => TimeSpan.Zero;

    /// <summary>Shows one JSON document.</summary>
    protected static int ShowJson(Session session, Action<Utf8JsonWriter> write)
    {
        session.Screen.WriteDocument(write);
        return ExitCodes.Done;
    }

    /// <summary>Shows lines, one of each text.</summary>
    protected static int ShowLines(Session session, IEnumerable<string> lines)
    {
        foreach (var text in lines)
        {
            session.Screen.WriteLine(text);
        }

        return ExitCodes.Done;
    }

    /// <summary>Shows at once one of several things: a line of JSON that says its type, or a line of text.</summary>
    protected static void ShowNow(Session session, string type, IMessage message, string text)
    {
        if (session.Settings.Json)
        {
            session.Screen.WriteLine(json =>
            {
                json.WriteString("type", type);
                ProtoJson.WriteFields(json, message);
            });
        }
        else
        {
            session.Screen.WriteLine(text);
        }

        session.Screen.Flush();
    }

    private async Task<int> ConnectAsync(ParseResult line, CancellationToken cancellation)
    {
        var destination = _common.Destination(line, _screen.Say);
        var settings = new SessionSettings(line.GetValue(_common.Json), line.GetValue(_common.Verbose), RetryFor(line));
        using var session = new Session(destination, _screen, settings, cancellation);
        try
        {
            return await RunAsync(line, session);
        }
        catch (RpcException fault) when (!cancellation.IsCancellationRequested)
        {
            _screen.EndLive();
            _screen.Say(session.Describe(fault));
            return ExitCodes.Refused;
        }
        catch (RpcException fault)
        {
            throw new OperationCanceledException("interrupted", fault, cancellation);
        }
    }
}

/// <summary>What all commands are given.</summary>
internal sealed record Surroundings(CommonOptions Common, Screen Screen);
