# A Hermes written from the description of its one call: hermes.py PORT FILE. Appends "table key value" to FILE for each
# pair; a key that ends in /refused/N is refused for good, and so is everything while FILE.refuse exists: with the code
# that stands in it, or as an invalid argument.
import os
import sys
from concurrent import futures

import grpc

port, file = sys.argv[1], sys.argv[2]


def fields(message):
    """The string fields of a message, by number (protobuf's wire format)."""
    found, at = {}, 0
    while at < len(message):
        number, at = message[at] >> 3, at + 1
        length, shift = 0, 0
        while True:
            byte, at = message[at], at + 1
            length, shift = length | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                break
        found[number], at = message[at : at + length].decode(), at + length
    return found


def refusal():
    try:
        with open(file + ".refuse") as code:
            return grpc.StatusCode[code.read() or "INVALID_ARGUMENT"]
    except FileNotFoundError:
        return grpc.StatusCode.INVALID_ARGUMENT


def set_pair(request, context):
    pair = fields(request)
    if "/refused/" in pair[1] or os.path.exists(file + ".refuse"):
        context.abort(refusal(), "not this one")
    with open(file, "a") as out:
        out.write(f"{pair[3]} {pair[1]} {pair[2]}\n")
    return request


server = grpc.server(futures.ThreadPoolExecutor(2))
server.add_generic_rpc_handlers(
    [grpc.method_handlers_generic_handler("hermes.Hermes", {"Set": grpc.unary_unary_rpc_method_handler(set_pair)})]
)
port = server.add_insecure_port(f"127.0.0.1:{port}")
server.start()
print(port, flush=True)
server.wait_for_termination()
