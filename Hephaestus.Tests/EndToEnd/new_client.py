"""Follows logs and watches executions by another implementation of gRPC, which knows nothing but what the server's
reflection tells it.

    new_client.py TARGET SCENARIO [ARGUMENT ...]
"""

import hashlib
import os
import pickle
import sys
from collections import defaultdict

import grpc
from google.protobuf import message_factory

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Standard"))
from by_hand import Reflection  # noqa: E402

PATIENCE = 80
REMARKS = (3, 4)


class Client:
    """A method for each call of the service, and its messages."""

    def __init__(self, target):
        channel = grpc.insecure_channel(target)
        pool = Reflection(channel).pool("hephaestus.Hephaestus")
        self.factory = message_factory.MessageFactory(pool)
        self.pool = pool
        for method in pool.FindServiceByName("hephaestus.Hephaestus").methods:
            request, response = map(self.factory.GetPrototype, (method.input_type, method.output_type))
            # Version 4.21 of the library does not say of a method whether it streams.
            kind = "unary_stream" if method.name.startswith(("Watch", "Follow")) else "unary_unary"
            call = getattr(channel, kind)("/hephaestus.Hephaestus/" + method.name, request.SerializeToString, response.FromString)
            setattr(self, method.name, lambda call=call, request=request, **fields: call(request(**fields), timeout=PATIENCE))

    def message(self, name):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName("hephaestus." + name))


class Log:
    """What has been delivered of a log; refuses what comes twice and what leaves a gap."""

    def __init__(self):
        self.data = defaultdict(bytes)
        self.next_line = 1
        self.cursor = None
        self.ended = False

    def take(self, update):
        for piece in update.pieces.pieces:
            source = (0, 0, "remarks") if piece.stream in REMARKS else (piece.step, piece.attempt, piece.stream)
            if piece.first_line:
                assert piece.first_line == self.next_line, (piece, self.next_line)
                self.next_line += piece.data.count(b"\n") + piece.no_newline
            begun = len(self.data[source]) - (self.data[source].rfind(b"\n") + 1)
            assert piece.continued == (begun > 0) and piece.offset == begun, (piece, self.data[source][-100:])
            self.data[source] += piece.data
        if update.HasField("next"):
            self.cursor = update.next
        self.ended = update.HasField("end")

    def follow(self, number, enough=lambda update: False):
        """Takes the log up where it was left, until it ends or an update is enough."""
        start = {} if self.cursor is None else {"from": self.cursor}
        call = client.FollowLog(id=number, **start)
        for update in call:
            self.take(update)
            if enough(update):
                call.cancel()
                return
        assert self.ended

    def reach(self, number, text):
        """Takes a log up, a message at a time, until the first step has printed this."""
        while text not in self.data[(1, 1, 1)]:
            self.follow(number, news)


def news(update):
    return len(update.pieces.pieces) > 0


def written(directory):
    """What the programs wrote, by source."""
    found = {}
    for file in os.listdir(directory):
        name, _, kind = file.partition(".")
        if kind in ("out", "err") or file == "remarks":
            step, attempt = map(int, name.split("-")) if kind else (0, 0)
            with open(os.path.join(directory, file), "rb") as content:
                found[(step, attempt, {"out": 1, "err": 2}.get(kind, "remarks"))] = content.read()
    return {source: data for source, data in found.items() if data}


def pass_gate(gate):
    # Blocks until the step reads.
    with open(gate, "w", encoding="ascii"):
        pass


def run(plan):
    return client.Execute(set="new", plan=plan).id


def follow(directory, gate):
    """A follower that is cut off after every message gets what one gets who stays, and what the program wrote."""
    number = run("talks")
    cut = Log()
    for part in range(5):
        pass_gate(gate)
        # The half line is all that there is: the step waits at its gate.
        cut.reach(number, b"half %d" % part)
        pass_gate(gate)
        # Before another writer comes, the reader of the gate must have gone.
        cut.reach(number, b"half %d, and the rest\n" % part)
    while not cut.ended:
        cut.follow(number, news)
    whole = Log()
    whole.follow(number)
    real = written(os.path.join(directory, str(number)))
    assert dict(cut.data) == real, "cut off after every message"
    assert dict(whole.data) == real, "followed at one go"
    assert cut.next_line == whole.next_line, (cut.next_line, whole.next_line)
    assert b"\xff\x00" in real[(1, 1, 1)] and b"error 4" in real[(1, 1, 2)]
    # Nothing is left after the end.
    again = Log()
    again.cursor = cut.cursor
    again.next_line = cut.next_line
    again.follow(number)
    assert not again.data, again.data


def follow_until_restart(gate, keep):
    number = run("talks")
    log = Log()
    pass_gate(gate)
    log.reach(number, b"half 0")
    with open(keep, "wb") as file:
        pickle.dump((number, dict(log.data), log.next_line, log.cursor.SerializeToString()), file)


def follow_after_restart(directory, gate, keep):
    log = Log()
    with open(keep, "rb") as file:
        number, data, log.next_line, cursor = pickle.load(file)
    log.data.update(data)
    log.cursor = client.message("Cursor").FromString(cursor)
    for part in range(5):
        if part > 0:
            pass_gate(gate)
            log.reach(number, b"half %d" % part)
        pass_gate(gate)
        log.reach(number, b"half %d, and the rest\n" % part)
    log.follow(number)
    assert dict(log.data) == written(os.path.join(directory, str(number)))


def tail():
    number = run("quick")
    Log().follow(number)
    lines = [piece.data for update in client.FollowLog(id=number, tail=3, step="only") for piece in update.pieces.pieces]
    assert b"".join(lines) == b"98\n99\n100\n", lines
    remarks = [piece for update in client.FollowLog(id=number, streams=[3], until_now=True) for piece in update.pieces.pieces]
    assert remarks and all(piece.stream == 3 for piece in remarks), remarks


def kind(event):
    return (event.sequence, event.id, event.WhichOneof("event"))


def events_until(ends, call, seen):
    """Takes events until so many executions have ended in all."""
    for update in call:
        if update.WhichOneof("update") == "event":
            seen.append(kind(update.event))
            if sum(name == "ended" for *_, name in seen) == ends:
                call.cancel()
                return
    raise AssertionError("the stream ended")


def watch():
    """A watcher that is cut off after every event gets what one gets who stays."""
    finished = run("quick")
    Log().follow(finished)
    call = client.WatchExecutions(newest=10)
    first = next(call)
    assert [execution.id for execution in first.snapshot.executions] == [finished], first
    begin = first.snapshot.sequence
    numbers = [run("quick") for _ in range(5)]
    stayed = []
    events_until(5, call, stayed)

    cut, position = [], begin
    while sum(name == "ended" for *_, name in cut) < 5:
        call = client.WatchExecutions(after_sequence=position)
        for update in call:
            if update.WhichOneof("update") == "event":
                cut.append(kind(update.event))
                position = update.event.sequence
                break
        call.cancel()

    assert cut == stayed, (cut, stayed)
    sequences = [sequence for sequence, *_ in cut]
    assert sequences == sorted(set(sequences)) and sequences[0] > begin, sequences
    for number in numbers:
        names = [name for _, each, name in cut if each == number]
        assert names == ["accepted", "started", "step_starting", "step_started", "step_ended", "ended"], names
    one = []
    events_until(1, client.WatchExecutions(after_sequence=begin, id=numbers[2]), one)
    assert one == [event for event in cut if event[1] == numbers[2]], one


def out_of_range():
    number = run("quick")
    Log().follow(number)
    for call in (
        client.WatchExecutions(after_sequence=2 ** 62),
        client.WatchExecutions(after_sequence=2 ** 64 - 1),
        client.FollowLog(id=number, **{"from": {"line": 100000}}),
        client.FollowLog(id=number, **{"from": {"line": 2 ** 64 - 1}}),
    ):
        try:
            next(call)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.OUT_OF_RANGE, error
        else:
            raise AssertionError("there is something beyond the end")


def digest(number):
    """Says when it follows, and in the end the digest of what the first step printed."""
    output = hashlib.sha256()
    for index, update in enumerate(client.FollowLog(id=int(number))):
        if index == 0:
            print("following", flush=True)
        for piece in update.pieces.pieces:
            if (piece.step, piece.stream) == (1, 1):
                output.update(piece.data)
    print(output.hexdigest(), flush=True)


def stays(gate):
    """Says when each stream is under way, and how it ends."""
    number = run("talks")
    streams = [client.WatchExecutions(), client.WatchCatalogue(), client.FollowLog(id=number)]
    for stream in streams:
        next(stream)
    print("following", flush=True)
    for stream in streams:
        try:
            list(stream)
        except grpc.RpcError as error:
            print(error.code().name, error.details(), flush=True)
        else:
            print("ended", flush=True)


client = Client(sys.argv[1])
globals()[sys.argv[2]](*sys.argv[3:])
