using Grpc.Core;
using Hephaestus.Tests.Chaos.Plans;

namespace Hephaestus.Tests.Chaos.Acts;

/// <summary>An execution that was asked for, and what came of it.</summary>
internal sealed class Wish(int number)
{
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Number => number;

    /// <summary>The same for each time that it is asked for.</summary>
    public string RequestId => $"wish {number}";

    /// <summary>Completes when the server has accepted or refused it.</summary>
    public Task Answered => _answered.Task;

    /// <summary>0: it was refused.</summary>
    public uint Id { get; private set; }

    public RpcException? Refusal { get; private set; }

    /// <summary>
    /// The texts of its plan's file that the server may have had in mind; none: it goes on from another
    /// execution.
    /// </summary>
    public IReadOnlyList<ChaosPlan> Texts { get; set; } = [];

    public string? Colour { get; init; }

    /// <summary>The wish from which it goes on; null: it runs from the start.</summary>
    public Wish? Resumes { get; init; }

    public void Accepted(uint id)
    {
        Id = id;
        _answered.TrySetResult();
    }

    public void Refused(RpcException refusal)
    {
        Refusal = refusal;
        _answered.TrySetResult();
    }

    public void Abandoned() => _answered.TrySetCanceled();
}
