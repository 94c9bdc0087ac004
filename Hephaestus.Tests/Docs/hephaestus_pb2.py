"""What protoc makes of hephaestus.proto, made from its descriptor in the file that HEPHAESTUS_DESCRIPTOR names."""

import os

from google.protobuf import descriptor_pool, duration_pb2, timestamp_pb2  # noqa: F401 (the descriptor refers to them)
from google.protobuf.internal import builder

with open(os.environ["HEPHAESTUS_DESCRIPTOR"], "rb") as file:
    DESCRIPTOR = descriptor_pool.Default().AddSerializedFile(file.read())

builder.BuildMessageAndEnumDescriptors(DESCRIPTOR, globals())
builder.BuildTopDescriptorsAndMessages(DESCRIPTOR, "hephaestus_pb2", globals())
