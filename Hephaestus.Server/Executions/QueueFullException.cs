namespace Hephaestus.Server.Executions;

/// <summary>No further execution is accepted: too many wait for their turn.</summary>
internal sealed class QueueFullException(int limit) : Exception($"{limit} executions wait already; try again when some have run.");
