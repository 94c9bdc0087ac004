# Follows one execution N times while it prints, and says what that costs the server:
#
#   python3 bench-live-followers.py SOCKET ID PID N SECONDS
#
# Prints the per cent of a core that the server uses, its memory in MB, and the KB/s that each follower gets. Speaks HTTP/2
# by hand and only counts what comes: a gRPC library would use more than the server does.
import os
import selectors
import socket
import struct
import sys
import time

path, execution, pid, count, seconds = sys.argv[1], *map(int, sys.argv[2:6])
EACH = 100
LARGEST_WINDOW = 2**31 - 1


def frame(kind, flags, stream, payload=b""):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def text(value):
    return bytes([len(value)]) + value


# Headers in HPACK's forms without a table; the length and the message of the request behind.
HEADERS = (
    b"\x83\x86\x04" + text(b"/hephaestus.Hephaestus/FollowLog") + b"\x01" + text(b"bench")
    + b"\x0f\x10" + text(b"application/grpc") + b"\x00" + text(b"te") + text(b"trailers")
)
number, request = execution, b"\x08"
while number >= 0x80:
    request, number = request + bytes([number & 0x7F | 0x80]), number >> 7
# Only what is new.
request += bytes([number]) + b"\x20\x01"
MESSAGE = struct.pack("!BI", 0, len(request)) + request


def connect(followers):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    connection.sendall(
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        + frame(4, 0, 0, struct.pack("!HI", 4, LARGEST_WINDOW))
        + frame(8, 0, 0, struct.pack("!I", LARGEST_WINDOW - 65535))
        + frame(4, 1, 0)
    )
    for stream in range(1, 2 * followers, 2):
        connection.sendall(frame(1, 4, stream, HEADERS) + frame(0, 1, stream, MESSAGE))
    return connection


def cpu():
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory():
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def receive(until):
    received = 0
    while (left := until - time.monotonic()) > 0:
        for key, _ in poll.select(left):
            data = key.fileobj.recv(1 << 20)
            if not data:
                sys.exit("the server closed a connection")
            received += len(data)
    return received


poll = selectors.DefaultSelector()
for first in range(0, count, EACH):
    poll.register(connect(min(EACH, count - first)), selectors.EVENT_READ)
receive(time.monotonic() + 3)
before = cpu()
received = receive(time.monotonic() + seconds)
print(f"{100 * (cpu() - before) / seconds:.0f} {memory():.0f} {received / count / seconds / 1000:.1f}")
