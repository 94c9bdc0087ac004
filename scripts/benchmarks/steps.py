"""What a step costs beyond its command."""

import contextlib

from benchmarks import machine
from benchmarks.server import Server

STEPS = 500


def steps(bench):
    """A plan of 500 steps that do nothing, and everything that starts as many commands; interleaved."""
    floor, peers = [], {name: [] for name in PEERS if PEERS[name][0]()}
    normal, full, disk, sync = [], [], [], []
    with contextlib.ExitStack() as servers:
        memory, durable = (servers.enter_context(server) for server in (
            Server(bench.tools, bench.memory / "steps"),
            Server(bench.tools, bench.disk / "full", "history.sync = full")))
        ordinary = servers.enter_context(Server(bench.tools, bench.disk / "normal"))
        for server in (memory, durable, ordinary):
            server.plan("steps", *["true"] * STEPS)
            server.took("steps")
        for _ in range(bench.rounds(11)):
            floor.append(float(bench.tools.run("spawn", STEPS, "bash", "-c", "true")) / 1000)
            normal.append(memory.took("steps") * 1000 / STEPS)
            full.append(durable.took("steps") * 1000 / STEPS)
            disk.append(ordinary.took("steps") * 1000 / STEPS)
            sync.append(float(bench.tools.run("sync", bench.disk / "sync", STEPS)) / 1000)
            for name in peers:
                peers[name].append(PEERS[name][1](bench) * 1000 / STEPS)
    bench.table.add(
        "a step, of 500 in a row", machine.median(normal), "ms", against=machine.median(floor), reach=1.3)
    for name, took in peers.items():
        bench.table.add(f"  {name} (against the same floor)", machine.median(took), "ms", against=machine.median(floor))
    bench.table.add("  on a disk, history.sync = normal", machine.median(disk), "ms", against=machine.median(floor))
    # One synced commit a step.
    at_most = 1.3 * machine.median(floor) + 1.2 * machine.median(sync)
    bench.table.add("  on a disk, history.sync = full", machine.median(full), "ms", against=at_most, reach=1)
    bench.table.add("  one fdatasync of that disk", machine.median(sync), "ms")


def make(bench):
    """A chain of targets, as a plan is one."""
    file = bench.memory / "Makefile"
    if not file.exists():
        targets = "".join(f"t{i}: {f't{i - 1}' if i else ''}\n\t@bash -c true\n" for i in range(STEPS))
        file.write_text(f".PHONY: {' '.join(f't{i}' for i in range(STEPS))}\nall: t{STEPS - 1}\n{targets}")
    return bench.timed("make", "--silent", "--file", file, "all")


def spooler(bench):
    tool = machine.installed("tsp", "ts")
    surroundings = {"TS_SOCKET": str(bench.memory / "tsp"), "TMPDIR": str(bench.memory), "TS_MAXFINISHED": "10"}
    line = f"for ((i = 0; i < {STEPS}; i++)); do {tool} bash -c true; done >/dev/null; {tool} -w; {tool} -K"
    return bench.timed("bash", "-c", line, **surroundings)


def nq(bench):
    directory = bench.memory / "nq"
    directory.mkdir(exist_ok=True)
    line = f"for ((i = 0; i < {STEPS}; i++)); do nq -q bash -c true; done; nq -w; rm -f {directory}/,*"
    return bench.timed("bash", "-c", line, NQDIR=str(directory))


PEERS = {
    "make": (lambda: machine.installed("make"), make),
    "task-spooler": (lambda: machine.installed("tsp"), spooler),
    "nq": (lambda: machine.installed("nq"), nq),
}
