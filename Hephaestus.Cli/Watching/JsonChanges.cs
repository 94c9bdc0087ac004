using Google.Protobuf;
using Hephaestus.Cli.Output;
using Hephaestus.Protocol;

namespace Hephaestus.Cli.Watching;

/// <summary>Changes as JSON, an object a line, whose field "type" says what it is.</summary>
internal sealed class JsonChanges(Screen screen) : IChangeLines
{
    public void Write(ExecutionSnapshot snapshot)
    {
        foreach (var execution in snapshot.Executions.Reverse())
        {
            Line("execution", execution);
        }

        screen.WriteLine(json =>
        {
            json.WriteString("type", "snapshot");
            json.WriteNumber("sequence", snapshot.Sequence);
            json.WriteNumber("left_out", snapshot.LeftOut);
        });
    }

    public void Write(ExecutionEvent happened) => screen.WriteLine(json =>
    {
        json.WriteString("type", "event");
        json.WriteString("event", NameOf(happened));
        ProtoJson.WriteFields(json, happened);
    });

    public void Write(CatalogueChange change, bool first)
    {
        Sets("set_removed", change.SetsRemoved);
        Sets("set", change.SetsAdded);
        foreach (var plan in change.PlansRemoved)
        {
            Line("plan_removed", plan);
        }

        foreach (var plan in change.Plans)
        {
            Line("plan", plan);
        }

        if (first)
        {
            screen.WriteLine(json => json.WriteString("type", "catalogue_complete"));
        }
    }

    private static string? NameOf(ExecutionEvent happened) =>
        ExecutionEvent.Descriptor.Oneofs[0].Accessor.GetCaseFieldDescriptor(happened)?.Name;

    private void Sets(string type, IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            screen.WriteLine(json =>
            {
                json.WriteString("type", type);
                json.WriteString("set", name);
            });
        }
    }

    private void Line(string type, IMessage message) => screen.WriteLine(json =>
    {
        json.WriteString("type", type);
        ProtoJson.WriteFields(json, message);
    });
}
