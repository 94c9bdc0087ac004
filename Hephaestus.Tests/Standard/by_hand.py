"""The messages of gRPC's health and reflection services, built by hand from their public numbers."""

import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto
_TYPES = {"string": _FIELD.TYPE_STRING, "bytes": _FIELD.TYPE_BYTES, "int32": _FIELD.TYPE_INT32}

UNKNOWN, SERVING, NOT_SERVING, SERVICE_UNKNOWN = range(4)


def classes(package, messages):
    """Message classes from {name: "number name type, ..."}; a type may be repeated ("string*") or another message."""
    file = descriptor_pb2.FileDescriptorProto(name=package + ".proto", package=package, syntax="proto3")
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field in filter(None, fields.split(", ")):
            number, field_name, kind = field.split()
            added = message.field.add(
                name=field_name, number=int(number),
                label=_FIELD.LABEL_REPEATED if kind.endswith("*") else _FIELD.LABEL_OPTIONAL)
            kind = kind.rstrip("*")
            if kind in _TYPES:
                added.type = _TYPES[kind]
            else:
                added.type, added.type_name = _FIELD.TYPE_MESSAGE, "." + package + "." + kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return {name: factory.GetPrototype(pool.FindMessageTypeByName(package + "." + name)) for name in messages}


# An enum is an int32 on the wire, and a map is a repeated message of key and value.
health = classes("grpc.health.v1", {
    "HealthCheckRequest": "1 service string",
    "HealthCheckResponse": "1 status int32",
    "HealthListRequest": "",
    "Entry": "1 key string, 2 value HealthCheckResponse",
    "HealthListResponse": "1 statuses Entry*",
})


def reflection(version):
    return classes("grpc.reflection." + version, {
        "ServerReflectionRequest":
            "1 host string, 3 file_by_filename string, 4 file_containing_symbol string, "
            "5 file_containing_extension ExtensionRequest, 6 all_extension_numbers_of_type string, 7 list_services string",
        "ExtensionRequest": "1 containing_type string, 2 extension_number int32",
        "ServerReflectionResponse":
            "1 valid_host string, 2 original_request ServerReflectionRequest, "
            "4 file_descriptor_response FileDescriptorResponse, 5 all_extension_numbers_response ExtensionNumberResponse, "
            "6 list_services_response ListServiceResponse, 7 error_response ErrorResponse",
        "FileDescriptorResponse": "1 file_descriptor_proto bytes*",
        "ExtensionNumberResponse": "1 base_type_name string, 2 extension_number int32*",
        "ListServiceResponse": "1 service ServiceResponse*",
        "ServiceResponse": "1 name string",
        "ErrorResponse": "1 error_code int32, 2 error_message string",
    })


def method(channel, kind, path, request, response):
    return getattr(channel, kind)(path, request.SerializeToString, response.FromString)


class Reflection:
    """A stream of questions, one at a time."""

    def __init__(self, channel, version="v1"):
        self.messages = reflection(version)
        self.path = "/grpc.reflection.%s.ServerReflection/ServerReflectionInfo" % version
        self.channel = channel

    def ask(self, *questions):
        call = method(
            self.channel, "stream_stream", self.path,
            self.messages["ServerReflectionRequest"], self.messages["ServerReflectionResponse"])
        requests = [self.messages["ServerReflectionRequest"](**question) for question in questions]
        answers = list(call(iter(requests), timeout=60))
        assert len(answers) == len(requests), answers
        return answers

    def pool(self, symbol):
        """A descriptor pool with the file that declares a symbol."""
        (answer,) = self.ask({"file_containing_symbol": symbol})
        pool = descriptor_pool.DescriptorPool()
        for file in answer.file_descriptor_response.file_descriptor_proto:
            pool.AddSerializedFile(file)
        return pool


def run(scenarios):
    """client.py TARGET SCENARIO"""
    with grpc.insecure_channel(sys.argv[1]) as channel:
        scenarios[sys.argv[2]](channel)
