using System.Collections.Immutable;
using Hephaestus.Server.Logs;
using Hephaestus.Server.Plans;
using Hephaestus.Server.Supervision;

namespace Hephaestus.Server.Steps;

/// <summary>All that one attempt of one step needs to run.</summary>
/// <param name="Key">The execution, the step's number and the attempt.</param>
/// <param name="Label">Set and plan, for the step's environment.</param>
/// <param name="Instance">Random mark of the execution: processes that carry it belong to it.</param>
/// <param name="Log">Where its output goes.</param>
/// <param name="Ordinal">The attempt's place in the order of the execution's starts, from 0.</param>
/// <param name="KnownPid">Process id that is journalled already; 0: none.</param>
/// <param name="Deadline">When it has to be over; null: never.</param>
/// <param name="Parameters">Variables that whoever runs the plan gave it.</param>
internal sealed record StepRun(
    StepKey Key,
    PlanLabel Label,
    string Instance,
    PlanStep Step,
    ExecutionLog Log,
    int Ordinal,
    int KnownPid,
    AttemptDeadline? Deadline,
    ImmutableArray<Variable> Parameters);

/// <summary>A plan's names.</summary>
internal sealed record PlanLabel(string Set, string Plan);
