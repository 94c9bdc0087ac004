"""Checks the service of trial.proto by another implementation of gRPC.

    client.py TARGET CERTIFICATE SCENARIO      CERTIFICATE: a file, or "-" for clear text

Exit code 0: everything was as it should be.
"""

import sys
import time

import grpc

from messages import Note, channel

PATIENCE = 60
BIG = 3 * 1024 * 1024
LIMIT = 4 * 1024 * 1024


def method(kind, name):
    return getattr(calls, kind)("/trial.Trial/" + name, Note.SerializeToString, Note.FromString)


def refused(code, call):
    """The error that the call ends with."""
    try:
        answer = call()
        answer = answer if isinstance(answer, Note) else list(answer)
    except grpc.RpcError as error:
        assert error.code() == code, (error.code(), error.details())
        return error
    raise AssertionError("answered %r" % answer)


def unary():
    echo = method("unary_unary", "Echo")
    for data in (b"", b"x", bytes(range(256)) * 100):
        note = Note(data=data, count=7)
        assert echo(note, timeout=PATIENCE) == note


def many_at_once():
    echo = method("unary_unary", "Echo")
    pending = [echo.future(Note(count=number), timeout=PATIENCE) for number in range(500)]
    assert [call.result().count for call in pending] == list(range(500))


def server_streaming():
    repeat = method("unary_stream", "Repeat")
    for count in (0, 1, 1000):
        note = Note(data=b"line\n" * 20, count=count)
        assert list(repeat(note, timeout=PATIENCE)) == [note] * count


def client_streaming():
    gather = method("stream_unary", "Gather")
    assert gather(iter([]), timeout=PATIENCE) == Note()
    notes = [Note(data=b"%d," % number) for number in range(100)]
    answer = gather(iter(notes), timeout=PATIENCE)
    assert answer == Note(data=b"".join(note.data for note in notes), count=100)


def duplex():
    asked = []

    def questions(answers):
        for number in range(50):
            asked.append(number)
            yield Note(count=number)
            # Only now: each question waits for the answer before.
            answers.get(timeout=PATIENCE)

    import queue
    answers = queue.Queue()
    for answer in method("stream_stream", "Converse")(questions(answers), timeout=PATIENCE):
        assert answer.count == asked[-1]
        answers.put(answer)
    assert len(asked) == 50


def metadata():
    sent = (("x-text", "plain text, with blanks"), ("x-twice", "1"), ("x-twice", "2"),
            ("x-bytes-bin", bytes(range(256))), ("x-zero-bin", b"\x00"))
    answer, call = method("unary_unary", "Echo").with_call(Note(wish="reflect"), timeout=PATIENCE, metadata=sent)
    headers = [(item.key, item.value) for item in call.initial_metadata() if item.key.startswith("x-")]
    assert joined(headers) == joined(sent), headers
    trailers = [(item.key[9:], item.value) for item in call.trailing_metadata() if item.key.startswith("trailing-")]
    assert joined(trailers) == joined(sent), trailers


def joined(pairs):
    """Repeated keys and one with their values joined by commas mean the same."""
    together = {}
    for key, value in pairs:
        together[key] = together[key] + "," + value if key in together else value
    return together


def status():
    for code in grpc.StatusCode:
        for text in ("", "plain", "50 % – Ärger\nüber zwei Zeilen: \u65e5\u672c \U0001f525 \x01"):
            if code is grpc.StatusCode.OK:
                continue
            note = Note(wish="refuse", count=code.value[0], data=text.encode())
            for kind, name in (("unary_unary", "Echo"), ("unary_stream", "Repeat")):
                error = refused(code, lambda: method(kind, name)(note, timeout=PATIENCE))
                assert error.details() == text, error.details()
                trailers = {item.key: item.value for item in error.trailing_metadata()}
                assert trailers["why"] == "as wished" and trailers["why-bin"] == b"\x00\x01\x02\xff", trailers


def status_after_messages():
    notes = method("stream_stream", "Converse")(
        iter([Note(count=1), Note(wish="refuse", count=5, data=b"enough")]), timeout=PATIENCE)
    assert next(notes).count == 1
    error = refused(grpc.StatusCode.NOT_FOUND, lambda: notes)
    assert error.details() == "enough", error.details()


def failure():
    for kind, name in (("unary_unary", "Echo"), ("unary_stream", "Repeat")):
        error = refused(grpc.StatusCode.UNKNOWN, lambda: method(kind, name)(Note(wish="throw"), timeout=PATIENCE))
        assert "business" not in error.details(), error.details()


def unknown_method():
    refused(grpc.StatusCode.UNIMPLEMENTED, lambda: method("unary_unary", "Nothing")(Note(), timeout=PATIENCE))
    refused(grpc.StatusCode.UNIMPLEMENTED, lambda: method("unary_unary", "Neglected")(Note(), timeout=PATIENCE))
    elsewhere = calls.unary_unary("/other.Service/Echo", Note.SerializeToString, Note.FromString)
    refused(grpc.StatusCode.UNIMPLEMENTED, lambda: elsewhere(Note(), timeout=PATIENCE))


def undecodable():
    raw = calls.unary_unary("/trial.Trial/Echo")
    try:
        raw(b"\xff\xff\xff\xff", timeout=PATIENCE)
    except grpc.RpcError as error:
        # The packages' server says the latter.
        assert error.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN), error
    else:
        raise AssertionError("answered")


def deadline():
    left = method("unary_unary", "Echo")(Note(wish="deadline"), timeout=PATIENCE).count / 1000
    assert PATIENCE / 2 < left <= PATIENCE, left
    for kind, name in (("unary_unary", "Echo"), ("unary_stream", "Repeat")):
        begun = time.monotonic()
        refused(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: method(kind, name)(Note(wish="hang", count=1), timeout=0.3))
        assert time.monotonic() - begun < PATIENCE


def cancellation():
    notes = method("unary_stream", "Repeat")(Note(wish="hang", count=3, data=b"given up"), timeout=PATIENCE)
    for _ in range(3):
        next(notes)
    notes.cancel()
    assert notes.code() == grpc.StatusCode.CANCELLED


def big_messages():
    note = Note(data=bytes(BIG))
    assert method("unary_unary", "Echo")(note, timeout=PATIENCE) == note
    note = Note(data=bytes(BIG), count=5)
    assert list(method("unary_stream", "Repeat")(note, timeout=PATIENCE)) == [note] * 5
    assert method("stream_unary", "Gather")(iter([Note(data=bytes(BIG))] * 3), timeout=PATIENCE).count == 3


def too_big():
    """Requests end at 4 MiB; what a server may answer is for the client to say."""
    full = Note(data=bytes(LIMIT - 5))
    assert len(full.SerializeToString()) == LIMIT
    method("unary_stream", "Repeat")(full, timeout=PATIENCE)
    more = Note(data=bytes(LIMIT - 4))
    refused(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: method("unary_unary", "Echo")(more, timeout=PATIENCE))
    refused(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: method("stream_unary", "Gather")(iter([more]), timeout=PATIENCE))
    answer = method("unary_unary", "Echo")(Note(wish="size", count=2 * LIMIT), timeout=PATIENCE)
    assert len(answer.data) == 2 * LIMIT


def gzip():
    note = Note(data=b"the same again " * 10000, count=20)
    for compression in (grpc.Compression.Gzip, grpc.Compression.NoCompression):
        assert method("unary_unary", "Echo")(note, timeout=PATIENCE, compression=compression) == note
        assert list(method("unary_stream", "Repeat")(note, timeout=PATIENCE, compression=compression)) == [note] * 20
        joined = method("stream_unary", "Gather")(iter([Note(data=b"a" * 9000)] * 9), timeout=PATIENCE, compression=compression)
        assert joined == Note(data=b"a" * 81000, count=9)
    bomb = Note(data=bytes(2 * LIMIT))
    refused(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        lambda: method("unary_unary", "Echo")(bomb, timeout=PATIENCE, compression=grpc.Compression.Gzip))


def slow_reader():
    """A stream that nobody reads for a while is whole all the same."""
    note = Note(data=bytes(64 * 1024), count=100)
    notes = method("unary_stream", "Repeat")(note, timeout=PATIENCE)
    first = next(notes)
    assert method("unary_unary", "Echo")(Note(count=1), timeout=PATIENCE).count == 1
    assert [first, *notes] == [note] * 100


target, certificate, scenario = sys.argv[1:]
calls = channel(
    target, None if certificate == "-" else certificate,
    [("grpc.max_receive_message_length", 16 * 1024 * 1024), ("grpc.max_send_message_length", -1)])
globals()[scenario]()
calls.close()
