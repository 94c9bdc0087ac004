using FsCheck;
using FsCheck.Fluent;
using Hephaestus.Server.Catalogue;
using Hephaestus.Server.Facts;
using Hephaestus.Tests.EndToEnd;
using Hephaestus.Tests.Logs;

namespace Hephaestus.Tests.Catalogue;

public sealed class CatalogueProperties
{
    private static readonly string[] s_sets = ["a", "b", "c"];
    private static readonly string[] s_plans = ["x", "y"];

    /// <summary>Whoever takes the first snapshot and then each change knows the last one.</summary>
    [Fact]
    public void Changes_lead_from_any_snapshot_to_the_next_without_gap_or_repetition() =>
        Prop.ForAll(Operations().NonEmptyListOf().ToArbitrary(), operations =>
        {
            using var folder = new RuleFolder();
            var scan = folder.Scan();
            var known = new Known(scan.Snapshot);
            foreach (var operation in operations)
            {
                operation.Apply(folder);
                var next = folder.Scan(scan);
                known.Learn(CatalogueDifference.Between(scan.Snapshot, next.Snapshot));
                scan = next;
                Assert.True(CatalogueDifference.Between(scan.Snapshot, folder.Scan().Snapshot).IsEmpty);
            }

            known.AssertIs(scan.Snapshot);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(50));

    [Fact]
    public void Whatever_happens_to_the_files_the_live_catalogue_comes_to_tell_what_is_there() =>
        Prop.ForAll(Operations().ListOf().ToArbitrary(), operations => CheckLiveAsync([.. operations]).Await())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(25));

    private static async Task CheckLiveAsync(Operation[] operations)
    {
        using var folder = new RuleFolder();
        var catalogue = folder.Open(RuleFolder.ByLooks);
        var known = new Known(CatalogueSnapshot.Empty);
        var before = new Latest<CatalogueSnapshot>(CatalogueSnapshot.Empty);
        using var watching = catalogue.Changes.Subscribe(
            snapshot =>
            {
                known.Learn(CatalogueDifference.Between(before.Value, snapshot));
                before.Set(snapshot);
            },
            error => Assert.Fail(error.Message));

        foreach (var operation in operations) operation.Apply(folder);

        var there = folder.Scan().Snapshot;
        await before.UntilAsync(snapshot => CatalogueDifference.Between(snapshot, there).IsEmpty);
        catalogue.Dispose();
        known.AssertIs(there);
    }

    private static Gen<Operation> Operations() =>
        from what in Gen.Elements(Enum.GetValues<What>())
        from set in Gen.Elements(s_sets)
        from plan in Gen.Elements(s_plans)
        from other in Gen.Elements(s_sets)
        from text in Gen.Elements("echo 1", "echo 2", "<step")
        select new Operation(what, set, plan, other, text);

    private enum What
    {
        Write,
        Replace,
        Remove,
        RemoveSet,
        MakeSet,
        MoveSet,
        Expose,
        Ignored,
        ReplaceRoot,
    }

    private sealed record Operation(What What, string Set, string Plan, string Other, string Text)
    {
        public void Apply(RuleFolder folder)
        {
            var (set, other, file) = (folder.At(Set), folder.At(Other), folder.At(Set, Plan + ".conf"));
            switch (What)
            {
                case What.Write:
                    folder.Write(Set, Plan, RuleFolder.Plan(Text));
                    break;
                case What.Replace when Directory.Exists(set):
                    File.WriteAllText(file + ".tmp", RuleFolder.Plan(Text));
                    File.Move(file + ".tmp", file, overwrite: true);
                    break;
                case What.Remove:
                    if (Directory.Exists(set)) File.Delete(file);
                    break;
                case What.RemoveSet when Directory.Exists(set):
                    Directory.Delete(set, recursive: true);
                    break;
                case What.MakeSet:
                    Directory.CreateDirectory(set);
                    break;
                case What.MoveSet when Directory.Exists(set) && !Directory.Exists(other):
                    Directory.Move(set, other);
                    break;
                case What.Expose when File.Exists(file):
                    folder.Bash($"chmod o+w '{file}'");
                    break;
                case What.Ignored when Directory.Exists(set):
                    File.WriteAllText(Path.Combine(set, "notes.txt"), Text);
                    break;
                case What.ReplaceRoot:
                    Directory.Delete(folder.Root, recursive: true);
                    folder.Write(Set, Plan, RuleFolder.Plan(Text));
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>What a client knows: it has the first snapshot, and takes changes only.</summary>
    private sealed class Known(CatalogueSnapshot first)
    {
        private readonly SortedSet<string> _sets = new(first.Sets.Keys, StringComparer.Ordinal);

        private readonly Dictionary<PlanKey, CatalogueEntry> _plans = first.Sets.Values.SelectMany(set => set.Plans.Values)
            .ToDictionary(entry => new PlanKey(entry.Set, entry.Name));

        public void Learn(CatalogueChange change)
        {
            Assert.All(change.SetsAdded, set => Assert.True(_sets.Add(set)));
            Assert.All(change.SetsRemoved, set => Assert.True(_sets.Remove(set)));
            Assert.All(change.PlansRemoved, plan => Assert.True(_plans.Remove(plan)));
            foreach (var entry in change.PlansPut)
            {
                var key = new PlanKey(entry.Set, entry.Name);
                Assert.False(_plans.TryGetValue(key, out var before) && before.Tells(entry));
                _plans[key] = entry;
            }
        }

        public void AssertIs(CatalogueSnapshot snapshot)
        {
            Assert.Equal(snapshot.Sets.Keys, _sets);
            Assert.Equal(snapshot.Names().ToHashSet(), _plans.Keys.Select(key => $"{key.Set}/{key.Plan}").ToHashSet());
            Assert.All(_plans, plan => Assert.True(snapshot.Find(plan.Key.Set, plan.Key.Plan)!.Tells(plan.Value)));
        }
    }
}
