"""The same at ten times the size: what grows, and how."""

from benchmarks import machine
from benchmarks.scale import lengthen, write_plans
from benchmarks.server import Server, message


def growth(bench):
    for what, measure, sizes, goal in MEASURES:
        small, large = (measure(bench, bench.size(size)) for size in sizes)
        for name in small:
            bench.table.add(f"{name}, {sizes[1]:,} {what} against {sizes[0]:,}", large[name], "ms", against=small[name], reach=goal[name])


def plans(bench, count):
    with Server(bench.tools, bench.directory("plans")) as server:
        server.stop()
        write_plans(server, max(count // 20, 8), 20)
        starts = []
        for _ in range(bench.rounds(5)):
            starts.append(server.start() * 1000)
            server.end()
        server.start()
        listed = [server.calls("ListPlans", message(f1="set7"), 1, 1, 1000)[1] / 1000 for _ in range(bench.rounds(11))]
    return {"start": machine.median(starts), "ListPlans": machine.median(listed)}


def history(bench, count):
    with Server(bench.tools, bench.directory("history", on_disk=True)) as server:
        server.plan("one", "true")
        server.took("one")
        server.stop()
        lengthen(server, count)
        starts = []
        for _ in range(bench.rounds(5)):
            starts.append(server.start() * 1000)
            server.end()
        server.start()
        page = message(f1=50)
        listed = [server.calls("ListExecutions", page, 1, 1, 100)[1] / 1000 for _ in range(bench.rounds(11))]
    return {"start": machine.median(starts), "newest 50 executions": machine.median(listed)}


def steps(bench, count):
    with Server(bench.tools, bench.directory("steps")) as server:
        server.plan("steps", *["true"] * count)
        server.took("steps")
        took = [server.took("steps") * 1000 for _ in range(bench.rounds(5))]
    return {"a plan": machine.median(took)}


# Nothing worse than linear (a tenth for the machine's unrest); what lists stays as it is.
MEASURES = (
    ("plans", plans, (1000, 10_000), {"start": 11, "ListPlans": 1.5}),
    ("executions", history, (10_000, 100_000), {"start": 11, "newest 50 executions": 1.5}),
    ("steps", steps, (100, 1000), {"a plan": 11}),
)
