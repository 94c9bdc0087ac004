"""What gRPC's plugin for Python makes of hephaestus.proto, as far as a client needs it."""

import hephaestus_pb2
from google.protobuf import descriptor_pb2

_SERVICE = hephaestus_pb2.DESCRIPTOR.services_by_name["Hephaestus"]


class HephaestusStub:
    def __init__(self, channel):
        for method in _SERVICE.methods:
            described = descriptor_pb2.MethodDescriptorProto()
            method.CopyToProto(described)
            make = channel.unary_stream if described.server_streaming else channel.unary_unary
            setattr(self, method.name, make(
                f"/{_SERVICE.full_name}/{method.name}",
                request_serializer=getattr(hephaestus_pb2, method.input_type.name).SerializeToString,
                response_deserializer=getattr(hephaestus_pb2, method.output_type.name).FromString))
