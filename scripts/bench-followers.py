# Follows one execution N times and prints what the server uses meanwhile: python3 bench-followers.py SOCKET ID PID N SECONDS
import os
import sys
import time

import grpc

socket, execution, pid, count, seconds = sys.argv[1], *map(int, sys.argv[2:6])
request, number = b"\x08", execution
while number >= 0x80:
    request, number = request + bytes([number & 0x7F | 0x80]), number >> 7
request += bytes([number])


def cpu():
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


channels = [
    grpc.insecure_channel(f"unix://{socket}", options=[("grpc.use_local_subchannel_pool", 1)]) for _ in range(-(-count // 100))
]
calls = [channels[i // 100].unary_stream("/hephaestus.Hephaestus/FollowLog")(request) for i in range(count)]
for call in calls:
    next(call)
before = cpu()
time.sleep(seconds)
print(f"{100 * (cpu() - before) / seconds:.2f}")
os._exit(0)
