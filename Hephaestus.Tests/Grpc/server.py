"""The service of trial.proto by another implementation of gRPC.

    server.py TARGET [CERTIFICATE KEY]     TARGET: 127.0.0.1:0 or unix:PATH

Prints "listening PORT", then a line for each call that hangs ("hung DATA") and for each that was told so ("cancelled DATA").
Ends when standard input does.
"""

import sys
import threading
from concurrent import futures

import grpc

from messages import Note


def say(word):
    print(word, flush=True)


def hang(note, context):
    told = threading.Event()
    context.add_callback(told.set)
    say("hung " + note.data.decode())
    told.wait()
    say("cancelled " + note.data.decode())


def obey(note, context):
    if note.wish == "refuse":
        context.set_trailing_metadata((("why", "as wished"), ("why-bin", b"\x00\x01\x02\xff")))
        context.abort(grpc.StatusCode[CODES[note.count]], note.data.decode())
    elif note.wish == "throw":
        raise RuntimeError("the handler's own business")
    elif note.wish == "reflect":
        sent = [(key, value) for key, value in context.invocation_metadata() if key.startswith("x-")]
        context.set_trailing_metadata([("trailing-" + key, value) for key, value in sent])
        context.send_initial_metadata(sent)
    elif note.wish == "hang":
        hang(note, context)


CODES = {code.value[0]: code.name for code in grpc.StatusCode}


def echo(note, context):
    obey(note, context)
    if note.wish == "size":
        return Note(data=bytes(note.count))
    if note.wish == "deadline":
        return Note(count=int(context.time_remaining() * 1000))
    return note


def repeat(note, context):
    if note.wish in ("", "hang"):
        for _ in range(note.count):
            yield note
    obey(note, context)


def gather(notes, context):
    everything = Note()
    for note in notes:
        obey(note, context)
        everything.data += note.data
        everything.count += 1
    return everything


def converse(notes, context):
    for note in notes:
        obey(note, context)
        yield note


def handlers():
    codec = {"request_deserializer": Note.FromString, "response_serializer": Note.SerializeToString}
    return grpc.method_handlers_generic_handler("trial.Trial", {
        "Echo": grpc.unary_unary_rpc_method_handler(echo, **codec),
        "Repeat": grpc.unary_stream_rpc_method_handler(repeat, **codec),
        "Gather": grpc.stream_unary_rpc_method_handler(gather, **codec),
        "Converse": grpc.stream_stream_rpc_method_handler(converse, **codec),
    })


def main(target, certificate=None, key=None):
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), compression=grpc.Compression.Gzip)
    server.add_generic_rpc_handlers((handlers(),))
    if certificate:
        with open(key, "rb") as key_file, open(certificate, "rb") as certificate_file:
            credentials = grpc.ssl_server_credentials([(key_file.read(), certificate_file.read())])
        port = server.add_secure_port(target, credentials)
    else:
        port = server.add_insecure_port(target)
    server.start()
    say("listening %d" % port)
    sys.stdin.read()
    server.stop(0).wait()


main(*sys.argv[1:])
