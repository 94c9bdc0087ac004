"""Many plans, many executions, a long history."""

import datetime
import sqlite3
import time

from benchmarks import machine
from benchmarks.server import Server, message


def write_plans(server, sets, each, steps=1):
    text = '<plan id="p"></plan>\n' + "".join(f'<step name="s{i}">true</step>\n' for i in range(steps))
    for i in range(sets):
        directory = server.home / f"plans/set{i}"
        directory.mkdir(parents=True)
        for j in range(each):
            (directory / f"plan{j}.conf").write_text(text)


def calls(bench):
    """ListPlans while 10,000 plans in 500 sets are loaded, 50 at once."""
    with Server(bench.tools, bench.memory / "calls") as server:
        server.stop()
        write_plans(server, 500, 20)
        server.start()
        request, count = message(f1="set7"), bench.size(100_000)
        server.calls("ListPlans", request, 10, 5, count)
        rates, times = zip(*(server.calls("ListPlans", request, 10, 5, count) for _ in range(bench.rounds(11))))
    bench.table.add("ListPlans, 50 at once", machine.median(rates), "calls/s", reach=20_000, least=True)
    bench.table.add("  a call, p50", machine.median(times), "us")


def at_once(bench):
    """500 executions of sleep started at once, then as many more."""
    with Server(bench.tools, bench.memory / "sleepers", "exec.max_concurrent = 2000") as server:
        server.plan("sleep", "sleep 600")
        request = message(f1="bench", f2="sleep")
        idle_threads = machine.status(server.pid, "Threads")
        server.calls("Execute", request, 10, 5, 500)
        first = running(server, 500)
        started = max(time_of(each["started"]) for each in first) - min(time_of(each["accepted"]) for each in first)
        server.calls("Execute", request, 10, 5, 500)
        running(server, 1000)
        memory = machine.status(server.pid, "VmRSS")
        threads = machine.status(server.pid, "Threads")
        time.sleep(3)
        before = machine.processor_seconds(server.pid) + machine.processor_seconds(server.supervisor())
        time.sleep(10)
        idle = (machine.processor_seconds(server.pid) + machine.processor_seconds(server.supervisor()) - before) / 10
    bench.table.add("500 executions of sleep, all started after", started, "s", reach=10)
    bench.table.add("1,000 that run: memory of the server", memory, "MB", reach=200)
    bench.table.add(f"  threads of the server ({idle_threads} idle)", threads, "threads")
    bench.table.add("  processor while they sleep", 100 * idle, "% core", reach=2)


def time_of(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def running(server, count):
    """Waits until the steps of so many run; gives these executions."""
    while True:
        executions = server.json("plans")["executions"]
        if sum(execution["steps"][0]["state"] == "Running" for execution in executions) == count:
            return executions
        time.sleep(0.5)


def lengthen(server, executions):
    """Adds copies of the one execution of the journal until there are so many; the server must not run."""
    with sqlite3.connect(server.home / "state/journal.db") as journal:
        columns = [row[1] for row in journal.execute("PRAGMA table_info(executions)") if row[1] not in ("id", "request_id", "instance")]
        names = ", ".join(columns)
        (events,) = journal.execute("SELECT count(*) FROM events WHERE execution = 1").fetchone()
        numbers = f"WITH RECURSIVE n (id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM n WHERE id < {executions})"
        journal.execute(
            f"{numbers} INSERT INTO executions (id, instance, {names}) "
            f"SELECT n.id, printf('%032x', n.id), {names} FROM n, (SELECT {names} FROM executions WHERE id = 1)")
        journal.execute(
            f"{numbers} INSERT INTO events (sequence, execution, payload) "
            f"SELECT 1000 + n.id * {events} + e.place, n.id, e.payload "
            "FROM n, (SELECT payload, row_number() OVER (ORDER BY sequence) - 1 AS place FROM events WHERE execution = 1) e")
        journal.execute("UPDATE numbers SET reserved = (SELECT max(sequence) FROM events), synced = reserved, kept = ?", (executions,))
    journal.close()


def start(bench):
    """From the start of the program to its first answer, with 10,000 plans and 100,000 executions; then idle memory."""
    with Server(bench.tools, bench.disk / "start") as server:
        server.plan("one", "true")
        server.took("one")
        server.stop()
        write_plans(server, 500, 20)
        lengthen(server, bench.size(100_000))
        times = []
        for _ in range(bench.rounds(11)):
            times.append(server.start())
            server.end()
        server.start()
        time.sleep(5)
        # The supervisor goes when nothing runs; a step that waits keeps it.
        server.plan("sleep", "sleep 600")
        server.exec("sleep")
        memory = machine.proportional(server.pid) + machine.proportional(server.supervisor())
    bench.table.add("start to the first answer, 10,000 plans, 100,000 runs", machine.median(times) * 1000, "ms", reach=1000)
    bench.table.add("  memory of server and supervisor, idle (PSS)", memory, "MB", reach=80)


def client(bench):
    """The command line client, as a user waits for it."""
    with Server(bench.tools, bench.memory / "client") as server:
        there = server.tools.cli, "--hostname", f"unix://{server.socket}", "list-plan-sets"
        aid = [bench.timed(server.tools.cli, "--help") * 1000 for _ in range(bench.rounds(11))]
        listed = [bench.timed(*there) * 1000 for _ in range(bench.rounds(11))]
    bench.table.add("hephaestus-cli --help", machine.median(aid), "ms", reach=90)
    bench.table.add("hephaestus-cli list-plan-sets", machine.median(listed), "ms", reach=150)
