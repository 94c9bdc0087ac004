using Hephaestus.Protocol;
using Hephaestus.Server;
using Hephaestus.Server.Access;
using Hephaestus.Server.Supervision;

// The supervisor comes first: it must stay small, so nothing of the server may be loaded before it is told apart.
return args switch
{
    ["--supervise", var stateDirectory] => Supervisor.Run(stateDirectory),
    ["-h" or "--help"] => CommandLine.Print(CommandLine.Help),
    ["-V" or "--version"] => CommandLine.Print(CommandLine.Version),
    ["--check"] => CommandLine.Print(() => Check.Run(null)),
    ["--check", var file] => CommandLine.Print(() => Check.Run(file)),
    ["token", .. var rest] => CommandLine.Print(() => TokenCommand.Run(rest)),
    [['-', ..], ..] or [_, _, ..] => CommandLine.Unusable(args),
    [] => await Startup.RunAsync(null),
    [var file] => await Startup.RunAsync(file),
};
