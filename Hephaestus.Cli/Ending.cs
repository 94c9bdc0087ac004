using Hephaestus.Cli.Connection;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli;

/// <summary>What the program ends with, however it ends.</summary>
internal static class Ending
{
    public static async Task<int> OfAsync(Func<Task<int>> work, Screen screen, Interruption interruption)
    {
        try
        {
            var code = await work();
            screen.Flush();
            return code;
        }
        catch (OutputException closed) when (closed.IsClosed)
        {
            return ExitCodes.OutputClosed;
        }
        catch (OutputException failed)
        {
            screen.Say($"standard output cannot be written: {failed.Message}");
            return ExitCodes.OutputFailed;
        }
        catch (UsageException unusable)
        {
            screen.Say(unusable.Message);
            return ExitCodes.Usage;
        }
        catch (InvalidDataException senseless)
        {
            screen.Say(senseless.Message);
            return ExitCodes.Refused;
        }
        catch (OperationCanceledException) when (interruption.ExitCode != 0)
        {
            return interruption.ExitCode;
        }
#pragma warning disable CA1031 // Do not catch general exception types: whatever it is, the user gets a line
        catch (Exception fault)
#pragma warning restore CA1031
        {
            var said = fault.Message.ReplaceLineEndings(" ");
            screen.Say($"a fault of this program, please report it: {fault.GetType().Name}: {said}");
            return ExitCodes.OutputFailed;
        }
    }
}
