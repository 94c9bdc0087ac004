using Hephaestus.Cli;
using Hephaestus.Cli.CommandLine;
using Hephaestus.Cli.Output;

using var interruption = new Interruption();
var settings = ScreenSettings.Of(
    StandardStream.Out, Environment.GetEnvironmentVariable("TERM"), Environment.GetEnvironmentVariable("NO_COLOR"));
var screen = new Screen(StandardStream.Out, StandardStream.Error, settings);
return await Ending.OfAsync(() => Root.RunAsync(args, screen, interruption.Token), screen, interruption);
