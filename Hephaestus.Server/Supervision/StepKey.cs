namespace Hephaestus.Server.Supervision;

/// <summary>One attempt of one step of one execution: what supervisor and server speak about.</summary>
/// <param name="Step">The step's number, from 1.</param>
/// <param name="Attempt">From 1.</param>
internal readonly record struct StepKey(uint Execution, int Step, int Attempt);
