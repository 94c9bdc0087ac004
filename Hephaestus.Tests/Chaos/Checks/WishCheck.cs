using Grpc.Core;
using Hephaestus.Protocol;
using Hephaestus.Tests.Chaos.Acts;
using Hephaestus.Tests.Chaos.Plans;

namespace Hephaestus.Tests.Chaos.Checks;

/// <summary>What was asked for was accepted once, in a text that was there at that time, or refused for a reason.</summary>
internal static class WishCheck
{
    public static void Check(Evidence evidence, Failures failures)
    {
        var accepted = evidence.Wishes.Where(wish => wish.Id != 0).ToDictionary(wish => wish.RequestId, wish => wish.Id);
        failures.Unless(
            accepted.Count == evidence.Journal.Requests.Count
                && accepted.All(wish => evidence.Journal.Requests.GetValueOrDefault(wish.Key) == wish.Value),
            $"accepted were {Listed(accepted)}, the journal has {Listed(evidence.Journal.Requests)}");
        foreach (var story in evidence.Stories)
        {
            var origin = Work.Origin(story.Wish);
            failures.Unless(
                origin.Texts.Contains(story.Plan) && !story.Plan.IsBroken,
                $"{story}: expected was one of {string.Join(", ", origin.Texts.Select(text => text.Tag))}");
        }

        foreach (var story in evidence.Stories)
        {
            var at = story.Events[0].Time.ToDateTimeOffset();
            failures.Unless(
                !evidence.Chronicle.Draining.Any(drain => drain.Meets(at, at)),
                $"{story}: accepted while the server drained");
        }

        foreach (var wish in evidence.Wishes.Where(wish => wish.Id == 0))
        {
            failures.Unless(IsRight(wish, evidence), $"wish {wish.Number} was refused: {wish.Refusal?.Status}");
        }
    }

    private static bool IsRight(Wish wish, Evidence evidence) => wish.Refusal?.StatusCode switch
    {
        StatusCode.NotFound => wish.Resumes is { Id: 0 },
        StatusCode.FailedPrecondition when wish.Resumes is { } earlier => MayNotResume(earlier, evidence),
        StatusCode.FailedPrecondition => wish.Texts.Any(text => text.IsBroken),
        StatusCode.InvalidArgument => wish.Colour is not null && wish.Texts.Any(text => !text.TakesParameter),
        StatusCode.AlreadyExists => Work.Origin(wish).Texts.Any(text => text.Overlap == "skip") || wish.Resumes is not null,
        _ => false,
    };

    /// <summary>It had not ended then, which is not known here, or it ended OK.</summary>
    private static bool MayNotResume(Wish earlier, Evidence evidence) => evidence.Stories.Any(story => story.Id == earlier.Id);

    private static string Listed(IEnumerable<KeyValuePair<string, uint>> wishes) =>
        string.Join(", ", wishes.Select(wish => $"{wish.Key}: {wish.Value}"));
}
