"""The messages of trial.proto, built by hand: nothing here was generated from it."""

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto


def classes(package, messages):
    """Message classes from {name: [(number, name, type or message name, repeated)]}."""
    file = descriptor_pb2.FileDescriptorProto(name=package + "_by_hand.proto", package=package, syntax="proto3")
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for number, field, kind, repeated in fields:
            added = message.field.add(
                name=field, number=number, label=_FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL)
            if isinstance(kind, str):
                added.type, added.type_name = _FIELD.TYPE_MESSAGE, "." + package + "." + kind
            else:
                added.type = kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return {name: factory.GetPrototype(pool.FindMessageTypeByName(package + "." + name)) for name in messages}


Note = classes("trial", {"Note": [
    (1, "data", _FIELD.TYPE_BYTES, False),
    (2, "count", _FIELD.TYPE_UINT32, False),
    (3, "wish", _FIELD.TYPE_STRING, False),
]})["Note"]


def channel(target, certificate=None, options=()):
    """A channel to "host:port" or "unix:path", over TLS when a file with the authority's certificate is given."""
    if certificate:
        with open(certificate, "rb") as file:
            credentials = grpc.ssl_channel_credentials(file.read())
        return grpc.secure_channel(target, credentials, options)
    return grpc.insecure_channel(target, options)
