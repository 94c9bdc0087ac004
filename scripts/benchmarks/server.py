"""A server with plans of its own, and what is asked of it."""

import datetime
import json
import subprocess
import sys
import time

from benchmarks import machine


def message(**fields):
    """A protobuf message: a field is called f and its number; a number, a text, or a message in its bytes."""
    out = b""
    for name, value in fields.items():
        number = int(name[1:])
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def varint(value):
    out = b""
    while value >= 0x80:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


class Server:
    """Runs in a directory; everything it started has ended when this has."""

    def __init__(self, tools, directory, *settings):
        self.tools, self.home = tools, directory
        self.socket = f"{directory}/s"
        (directory / "plans/bench").mkdir(parents=True, exist_ok=True)
        lines = [
            "host.grpc.address = 127.0.0.1:0", f"host.grpc.socket = {self.socket}", f"host.state_dir = {directory}/state",
            f"plan.rule_dir = {directory}/plans", f"plan.rule_log = {directory}/dumps", "exec.grace = 1s", *settings]
        (directory / "main.conf").write_text("\n".join(lines) + "\n")
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Gives the seconds until a call was answered."""
        begun = time.monotonic()
        with open(self.home / "said", "w") as said:
            self.process = subprocess.Popen(
                [self.tools.server, str(self.home / "main.conf")], stdout=said, stderr=said, start_new_session=True)
        while "\nReady" not in (self.home / "said").read_text():
            if self.process.poll() is not None:
                sys.exit(f"scripts/bench: the server ended:\n{(self.home / 'said').read_text()}")
            time.sleep(0.002)
        self.calls("ListPlanSets", message(), 1, 1, 1)
        return time.monotonic() - begun

    def end(self):
        """What runs goes on."""
        self.process.terminate()
        self.process.wait()

    def stop(self):
        """What runs is ended, so that the supervisor ends too."""
        if supervisor := self.supervisor():
            subprocess.run(["pkill", "-KILL", "-P", str(supervisor)], check=False)
        self.end()

    @property
    def pid(self):
        return self.process.pid

    def supervisor(self):
        """Its process id; 0: it has not been needed yet."""
        found = subprocess.run(
            ["pgrep", "-f", "-n", "--", f"--supervise {self.home}/state"], stdout=subprocess.PIPE, text=True, check=False).stdout
        return int(found or 0)

    def plan(self, name, *commands):
        """Writes a plan, and waits until the server that runs has read it."""
        steps = "".join(f'<step name="s{i}">{command}</step>\n' for i, command in enumerate(commands))
        (self.home / f"plans/bench/{name}.conf").write_text(f'<plan id="{name}"></plan>\n{steps}')
        wanted = [f"s{i}" for i in range(len(commands))], commands[-1]
        while wanted != self.read(name):
            time.sleep(0.05)

    def read(self, name):
        asked = subprocess.run(
            [self.tools.cli, "--hostname", f"unix://{self.socket}", "list-plan", "--set", "bench", "--name", name, "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        found = json.loads(asked.stdout)["steps"] if asked.returncode == 0 else []
        return [step["name"] for step in found], found[-1]["command"] if found else None

    def cli(self, *arguments):
        return machine.run(self.tools.cli, "--hostname", f"unix://{self.socket}", *arguments)

    def json(self, *arguments):
        return json.loads(self.cli(*arguments, "--json"))

    def exec(self, plan):
        return self.json("exec", "--set", "bench", "--name", plan)["id"]

    def took(self, plan):
        """Runs a plan to its end; the seconds between its start and its end, as the server recorded them."""
        return self.seconds(self.json("exec", "--set", "bench", "--name", plan, "--wait"))

    @staticmethod
    def time(execution, field):
        return datetime.datetime.fromisoformat(execution[field])

    @classmethod
    def seconds(cls, execution):
        if execution["state"] != "OK":
            sys.exit(f"scripts/bench: the plan {execution['plan']} ended {execution['state']}")
        return (cls.time(execution, "ended") - cls.time(execution, "started")).total_seconds()

    def calls(self, method, request, connections, streams, count):
        """Calls a second, and the median time of one in us."""
        said = self.tools.run(
            "calls", self.socket, f"/hephaestus.Hephaestus/{method}", request.hex(), connections, streams, count).split()
        return float(said[0]), float(said[1])

    def streams(self, request, connections, each, until):
        """Follows a log: see streams() of floor/grpc.c."""
        return Stream(*map(float, self.tools.run(*self.stream_arguments(request, connections, each, until)).split()))

    def stream_arguments(self, request, connections, each, until):
        return "streams", self.socket, "/hephaestus.Hephaestus/FollowLog", request.hex(), connections, each, until


class Stream:
    def __init__(self, seconds, size, first, p50, p95, lines, disordered):
        self.seconds, self.bytes, self.first = seconds, size, first
        self.p50, self.p95, self.lines, self.disordered = p50, p95, int(lines), int(disordered)


class Tools:
    """The programs."""

    def __init__(self, server, cli, floor):
        self.server, self.cli, self.floor = str(server), str(cli), str(floor)

    def run(self, *arguments):
        return machine.run(self.floor, *arguments)
