#!/usr/bin/env python3
"""Runs a plan, prints its log as it grows and what happens to executions meanwhile; whatever becomes of the connection.

    follow.py HOST:PORT SET PLAN

Needs hephaestus_pb2.py and hephaestus_pb2_grpc.py, made from hephaestus.proto.
"""

import sys
import threading
import time

import grpc
import hephaestus_pb2 as pb
import hephaestus_pb2_grpc as rpc

# A silent connection is asked for a sign of life, and one that broke is tried again at least each 2 s.
OPTIONS = [
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
]


def try_again(error):
    """Waits a moment when the connection is to blame, not the request; else the error is the caller's."""
    if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
        raise error
    time.sleep(0.5)


def log_updates(stub, execution):
    """All updates of a log from its first line to its end, each once."""
    request = pb.FollowLogRequest(id=execution)
    while True:
        try:
            for update in stub.FollowLog(request, wait_for_ready=True):
                yield update
                if update.HasField("end"):
                    return
                if update.HasField("next"):
                    # "from" is a word of Python's own.
                    getattr(request, "from").CopyFrom(update.next)
        except grpc.RpcError as error:
            try_again(error)


def log_lines(stub, execution):
    """(number, step, stream, bytes) of each line; at the end the state."""
    begun = {}
    for update in log_updates(stub, execution):
        for piece in update.pieces.pieces:
            source = (piece.step, piece.attempt, piece.stream)
            # What came of a line before: an unfinished line is sent as it grows, each byte once.
            data = (begun.pop(source, b"") if piece.continued else b"") + piece.data
            lines = data.split(b"\n")
            rest = lines.pop()
            if piece.unfinished:
                begun[source] = rest
            elif piece.no_newline:
                lines.append(rest)
            for number, line in enumerate(lines, piece.first_line):
                yield number, piece.step, piece.stream, line
        if update.HasField("end"):
            return update.end.state


def execution_updates(stub):
    """A snapshot and then every event, each once; another snapshot where the server no longer knows what was missed."""
    request = pb.WatchExecutionsRequest(newest=10)
    while True:
        try:
            for update in stub.WatchExecutions(request, wait_for_ready=True):
                yield update
                kind = update.WhichOneof("update")
                request.after_sequence = getattr(update, kind).sequence
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.OUT_OF_RANGE and request.HasField("after_sequence"):
                request.ClearField("after_sequence")
            else:
                try_again(error)


def watch(stub):
    """Tells what happens on standard error."""
    for update in execution_updates(stub):
        if update.HasField("snapshot"):
            print(f"snapshot {update.snapshot.sequence}", file=sys.stderr, flush=True)
        elif update.HasField("event"):
            event = update.event
            print(f"event {event.sequence} {event.id} {event.WhichOneof('event')}", file=sys.stderr, flush=True)


def main(address, plan_set, plan):
    stub = rpc.HephaestusStub(grpc.insecure_channel(address, OPTIONS))
    threading.Thread(target=watch, args=(stub,), daemon=True).start()
    execution = stub.Execute(pb.PlanArg(set=plan_set, plan=plan)).id
    lines = log_lines(stub, execution)
    while True:
        try:
            number, _, stream, line = next(lines)
        except StopIteration as end:
            return end.value
        print(number, pb.LogStream.Name(stream), line.decode(errors="replace"), flush=True)


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:]) == pb.STATE_OK else 3)
