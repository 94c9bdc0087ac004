namespace Hephaestus.Tests.Access;

/// <summary>Who asks: what a rule grants, and of which plan sets.</summary>
/// <param name="Value">The rule's value; null: no rule names the caller.</param>
/// <param name="Sees">Of the sets "db-main" and "web-main", those that lists show.</param>
internal sealed record MatrixColumn(string Name, string? Value, params string[] Sees);

/// <summary>
/// What comes of each call, by role and limit: "." it is done, "U" UNAUTHENTICATED, "P" PERMISSION_DENIED, "N" NOT_FOUND and
/// "F" FAILED_PRECONDITION: it was let through, and found to ask for what is not there, or cannot be.
/// </summary>
internal static class MatrixTable
{
    /// <summary>The first is for those who showed nothing, the second for those who showed who they are.</summary>
    public static MatrixColumn[] Columns { get; } =
    [
        new("nobody", null),
        new("known", null),
        new("viewer", "viewer", "db-main", "web-main"),
        new("viewer-in", "viewer web-*", "web-main"),
        new("viewer-out", "viewer ops-*"),
        new("operator", "operator", "db-main", "web-main"),
        new("operator-in", "operator web-*", "web-main"),
        new("operator-out", "operator ops-*"),
        new("admin", "admin", "db-main", "web-main"),
        new("admin-in", "admin web-*", "web-main"),
        new("admin-out", "admin ops-*"),
    ];

    // Executions: 1 of web-main, OK; 2 of db-main, OK; 3 of web-main, runs; 4 of web-main, NOK; no 99.
    private const string Table =
        """
                                       nobody known   viewer       operator     admin
                                                      all in out   all in out   all in out
        ListPlanSets                        U P        .  .  .      .  .  .      .  .  .
        ListPlans web-main                  U P        .  .  P      .  .  P      .  .  P
        ListPlans web-missing               U P        N  N  P      N  N  P      N  N  P
        ListPlan web-main/ok                U P        .  .  P      .  .  P      .  .  P
        ListPlan web-main/missing           U P        N  N  P      N  N  P      N  N  P
        ListPlan db-main/ok                 U P        .  P  P      .  P  P      .  P  P
        ShowPlans                           U P        .  .  .      .  .  .      .  .  .
        ShowStatus 1                        U P        .  .  P      .  .  P      .  .  P
        ShowStatus 2                        U P        .  P  P      .  P  P      .  P  P
        ShowStatus 99                       U P        N  P  P      N  P  P      N  P  P
        Execute web-main/ok                 U P        P  P  P      .  .  P      .  .  P
        Execute web-main/missing            U P        P  P  P      N  N  P      N  N  P
        Execute db-main/ok                  U P        P  P  P      .  P  P      .  P  P
        CheckPlan web-main/ok               U P        P  P  P      .  .  P      .  .  P
        CheckPlan db-main/ok                U P        P  P  P      .  P  P      .  P  P
        CancelExecution 1                   U P        P  P  P      F  F  P      F  F  P
        CancelExecution 2                   U P        P  P  P      F  P  P      F  P  P
        CancelExecution 99                  U P        P  P  P      N  P  P      N  P  P
        ResumeExecution 4                   U P        P  P  P      .  .  P      .  .  P
        ResumeExecution 2                   U P        P  P  P      F  P  P      F  P  P
        DumpHist 3                          U P        P  P  P      F  F  P      F  F  P
        DumpHist 2                          U P        P  P  P      .  P  P      .  P  P
        DumpHistAll                         U P        P  P  P      .  .  .      .  .  .
        WatchCatalogue                      U P        .  .  .      .  .  .      .  .  .
        WatchCatalogue web-main             U P        .  .  P      .  .  P      .  .  P
        WatchExecutions                     U P        .  .  .      .  .  .      .  .  .
        WatchExecutions web-main            U P        .  .  P      .  .  P      .  .  P
        WatchExecutions 1                   U P        .  .  P      .  .  P      .  .  P
        WatchExecutions 2                   U P        .  P  P      .  P  P      .  P  P
        FollowLog 1                         U P        .  .  P      .  .  P      .  .  P
        FollowLog 2                         U P        .  P  P      .  P  P      .  P  P
        GetExecution 1                      U P        .  .  P      .  .  P      .  .  P
        GetExecution 2                      U P        .  P  P      .  P  P      .  P  P
        GetExecution 99                     U P        N  P  P      N  P  P      N  P  P
        ListExecutions                      U P        .  .  .      .  .  .      .  .  .
        ListExecutions web-main             U P        .  .  P      .  .  P      .  .  P
        ListHermes                          U P        .  .  .      .  .  .      .  .  .
        Drain look                          U P        .  .  .      .  .  .      .  .  .
        Drain begin                         U P        P  P  P      P  P  P      .  P  P
        Drain undo                          U P        P  P  P      P  P  P      .  P  P
        SendHermesAgain                     U P        P  P  P      P  P  P      F  P  P
        SendHermesAgain 1                   U P        P  P  P      P  P  P      F  F  P
        SendHermesAgain 2                   U P        P  P  P      P  P  P      F  P  P
        Health.Check                        . .        .  .  .      .  .  .      .  .  .
        Health.List                         . .        .  .  .      .  .  .      .  .  .
        Health.Watch                        . .        .  .  .      .  .  .      .  .  .
        v1.ServerReflectionInfo             . .        .  .  .      .  .  .      .  .  .
        v1alpha.ServerReflectionInfo        . .        .  .  .      .  .  .      .  .  .
        """;

    /// <summary>What comes of each call, in the order of the columns.</summary>
    public static IReadOnlyList<(string Call, string[] Expected)> Rows { get; } =
    [
        .. from line in Table.Split('\n')[2..]
           let words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
           select (string.Join(' ', words[..^Columns.Length]), words[^Columns.Length..]),
    ];
}
