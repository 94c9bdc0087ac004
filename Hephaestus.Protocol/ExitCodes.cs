namespace Hephaestus.Protocol;

/// <summary>Exit codes that both programs document; scripts rely on them.</summary>
public static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Standard output could not be written, as on a full disk.</summary>
    public const int OutputFailed = 1;

    /// <summary><c>hephaestus --check</c> found plans that cannot be run, or a state directory that cannot be used.</summary>
    public const int CheckFailed = 1;

    /// <summary>The command line, the configuration or the address is unusable.</summary>
    public const int Usage = 2;

    /// <summary>A plan that was followed or waited for did not end OK.</summary>
    public const int PlanNotOk = 3;

    /// <summary>The server refused the request, would refuse it (a dry run), or cannot be reached.</summary>
    public const int Refused = 4;

    /// <summary>Interrupted by SIGINT, as shells report it. What was followed goes on.</summary>
    public const int Interrupted = 130;

    /// <summary>Nobody reads standard output any more, reported as shells report SIGPIPE.</summary>
    public const int OutputClosed = 141;

    /// <summary>Ended by SIGTERM, as shells report it. What was followed goes on.</summary>
    public const int Terminated = 143;
}
