"""A server with plans of its own, and what is asked of it."""

import json
import subprocess
import sys
import time

from benchmarks import machine

# The state of an execution whose steps all ended so, as hephaestus.proto numbers it.
OK = 4


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


def fields(data):
    """The fields of a message: numbers, and bytes."""
    found, at = {}, 0
    while at < len(data):
        tag, at = number(data, at)
        value, at = number(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        found[tag >> 3] = value
    return found


def number(data, at):
    value = shift = 0
    while True:
        byte, at = data[at], at + 1
        value, shift = value | (byte & 0x7F) << shift, shift + 7
        if byte < 0x80:
            return value, at


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

    def ask(self, method, request):
        """One call; the fields of the answer."""
        said = self.tools.run("ask", self.socket, f"/hephaestus.Hephaestus/{method}", request.hex())
        return fields(bytes.fromhex(said.strip())[5:])

    def exec(self, plan):
        """Starts a plan; the id of the execution."""
        return self.ask("Execute", message(f1="bench", f2=plan))[1]

    def took(self, plan):
        """Runs a plan to its end; the seconds between its start and its end, as the server recorded them."""
        return self.ended(self.exec(plan)).seconds

    def ended(self, execution):
        """Waits for the end, without following: that would take the machine's time."""
        while 8 not in (state := self.ask("GetExecution", message(f1=execution))):
            time.sleep(0.2)
        if state[5] != OK:
            sys.exit(f"scripts/bench: execution {execution} ended in state {state[5]}")
        return Times(seconds(state[6]), seconds(state[7]), seconds(state[8]))

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


class Times:
    """Of an execution, in seconds."""

    def __init__(self, accepted, started, ended):
        self.accepted, self.started, self.ended = accepted, started, ended

    @property
    def seconds(self):
        return self.ended - self.started


def seconds(timestamp):
    parts = fields(timestamp)
    return parts.get(1, 0) + parts.get(2, 0) / 1e9


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
