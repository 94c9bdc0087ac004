"""Logs: how fast they are taken, followed, read again, and found in."""

import subprocess
import time

from benchmarks import machine
from benchmarks.server import Server, message

GIB = 2**30
MB = 1e6


def ingestion(bench):
    """A step that writes 1 GiB of lines as fast as it can, and two of them in two executions at once."""
    size = bench.size(GIB)
    generate = f"{bench.tools.floor} generate {size} 65536"
    ours, splice, stamp, both = [], [], [], []
    with Server(bench.tools, bench.memory / "ingest", "history.keep_count = 1") as server:
        server.plan("one", f"exec {generate}")
        server.plan("half", f"exec {bench.tools.floor} generate {size // 2} 65536")
        server.took("half")
        machine.forget_peak(server.pid)
        for _ in range(bench.rounds(5)):
            splice.append(size / MB / float(bench.tools.run("log", "splice", bench.memory / "floor.out", *generate.split())))
            ours.append(size / MB / server.took("one"))
            stamp.append(size / MB / float(bench.tools.run("log", "stamp", bench.memory / "floor.out", *generate.split())))
            both.append(size / MB / together(server))
            (bench.memory / "floor.out").unlink()
        peak = machine.status(server.pid, "VmHWM")
    bench.table.add("lines into the log, against splice", machine.median(ours), "MB/s", against=machine.median(splice), reach=0.9, least=True)
    bench.table.add("  against a time before each line (ts)", machine.median(ours), "MB/s", against=machine.median(stamp), reach=1.5, least=True)
    bench.table.add("  two at once, against one", machine.median(both), "MB/s", against=machine.median(ours), reach=0.9, least=True)
    bench.table.add("  memory of the server at its peak", peak, "MB", reach=120)


def together(server):
    """Seconds from the first start to the last end."""
    both = [server.ended(execution) for execution in [server.exec("half"), server.exec("half")]]
    return max(times.ended for times in both) - min(times.started for times in both)


def latency(bench):
    """From the clock that a step prints to a follower's eyes."""
    count, each = bench.size(1000), 2000
    tick = f"{bench.tools.floor} tick {count} {each}"
    floor, one, many, message_cost = [], [], [], []
    with Server(bench.tools, bench.memory / "latency") as server:
        server.plan("tick", f"sleep 0.5; exec {tick}")
        for _ in range(bench.rounds(5)):
            floor.append(floor_latency(bench, tick))
            message_cost.append(server.calls("ListPlanSets", message(), 1, 1, 1000)[1] / 2)
            one.append(followed(server, 1).p50)
            many.append(followed(server, 50).p50)
    reachable = 1.5 * machine.median(floor) + machine.median(message_cost)
    bench.table.add("a line to its follower, p50, against C", machine.median(one), "us", against=machine.median(floor))
    bench.table.add("  half a call there and back (one message)", machine.median(message_cost), "us")
    bench.table.add("  against 1.5 x C and a message", machine.median(one), "us", against=reachable, reach=1)
    bench.table.add("  50 followers, p50", machine.median(many), "us", reach=2000)


def floor_latency(bench, tick):
    port = bench.free_port()
    floor = subprocess.Popen([bench.tools.floor, "follow", str(port), str(bench.memory / "follow.out"), *tick.split()])
    p50 = float(bench.tools.run("lag", port).split()[0])
    floor.wait()
    return p50


def followed(server, followers):
    execution = server.exec("tick")
    return server.streams(message(f1=execution), -(-followers // 50), min(followers, 50), "lag")


def throughput(bench):
    """A log that has ended, read back from its first line."""
    size = bench.size(GIB)
    one, many, cli = [], [], []
    with Server(bench.tools, bench.memory / "throughput") as server:
        server.plan("one", f"exec {bench.tools.floor} generate {size} 65536")
        execution = server.exec("one")
        server.ended(execution)
        request = message(f1=execution)
        for _ in range(bench.rounds(5)):
            one.append(rate(server.streams(request, 1, 1, 0)))
            many.append(rate(server.streams(request, 20, 1, bench.size(GIB) // 20)))
            cli.append(size / MB / bench.timed(server.tools.cli, "--hostname", f"unix://{server.socket}", "status", "--id", execution))
    bench.table.add("a log read back, gRPC", machine.median(one), "MB/s", reach=250, least=True)
    bench.table.add("  20 at once, in sum, against one", machine.median(many), "MB/s", against=machine.median(one), reach=1, least=True)
    bench.table.add("  by the command line client", machine.median(cli), "MB/s", reach=150, least=True)


def rate(stream):
    return stream.bytes / MB / stream.seconds


def seek(bench):
    """100 lines at the end and in the middle of a long log, and of one a thousandth as long."""
    sizes = {"10 MiB": 10 * 2**20, "10 GiB": bench.size(10 * GIB)}
    took = {}
    with Server(bench.tools, bench.disk / "seek") as server:
        for name, size in sizes.items():
            server.plan("one", f"exec {bench.tools.floor} generate {size} 65536")
            execution = server.exec("one")
            server.ended(execution)
            middle = message(f1=execution, f2=message(f1=size // 160))
            last, inside = [], []
            for _ in range(bench.rounds(11)):
                last.append(server.streams(message(f1=execution, f3=100), 1, 1, 8000).seconds * 1000)
                inside.append(server.streams(middle, 1, 1, 8000).seconds * 1000)
            took[name] = machine.median(last), machine.median(inside)
    for place, index in (("last", 0), ("middle", 1)):
        long, short = took["10 GiB"][index], took["10 MiB"][index]
        bench.table.add(f"100 lines of 10 GiB, {place}", long, "ms", reach=20)
        bench.table.add("  against a log of 10 MiB", long, "ms", against=short, reach=2)


def followers(bench):
    """1,000 followers on 20 connections of one execution that prints 1,000 lines a second."""
    lines = bench.size(10_000)
    with Server(bench.tools, bench.memory / "followers") as server:
        server.plan("tick", f"sleep 3; exec {bench.tools.floor} tick {lines} 1000")
        execution = server.exec("tick")
        machine.forget_peak(server.pid)
        begun = time.monotonic()
        stream = server.streams(message(f1=execution), 20, 50, "lag")
        seconds = time.monotonic() - begun
        processor, peak = machine.processor_seconds(server.pid), machine.status(server.pid, "VmHWM")
    missing = 1000 * lines - stream.lines + stream.disordered
    bench.table.add("1,000 followers of 1,000 lines/s: p50", stream.p50 / 1000, "ms")
    bench.table.add("  p95", stream.p95 / 1000, "ms", reach=500)
    bench.table.add("  lines missing or out of order", missing, "lines", reach=0)
    bench.table.add("  memory of the server at its peak", peak, "MB", reach=250)
    bench.table.add("  processor of the server", 100 * processor / seconds, "% core")
