"""Asks the reflection service, in both its versions.

    reflection.py TARGET SCENARIO
"""

import grpc
from google.protobuf import descriptor_pb2

from by_hand import Reflection, run

SERVICES = [
    "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
    "hephaestus.Hephaestus",
]


def each_version(test):
    def scenario(channel):
        for version in ("v1", "v1alpha"):
            test(Reflection(channel, version))
    return scenario


def files(answer):
    """The names of the files; each comes after those that it imports, and the one that was asked for is the last."""
    names = []
    for file in map(descriptor_pb2.FileDescriptorProto.FromString, answer.file_descriptor_response.file_descriptor_proto):
        assert set(file.dependency) <= set(names), (file.name, list(file.dependency), names)
        names.append(file.name)
    assert names and len(names) == len(set(names)), (names, answer.error_response)
    return names


@each_version
def services(reflection):
    (answer,) = reflection.ask({"list_services": "*", "host": "anywhere"})
    assert [service.name for service in answer.list_services_response.service] == SERVICES, answer
    assert answer.valid_host == "anywhere" and answer.original_request.list_services == "*", answer


@each_version
def symbols(reflection):
    symbols = [
        "hephaestus.Hephaestus", "hephaestus.Hephaestus.FollowLog", "hephaestus.PlanId", "hephaestus.PlanId.id",
        "hephaestus.ExecutionEvent.Ended", "hephaestus.State", "hephaestus.STATE_OK", "hephaestus.LogUpdate.update",
    ]
    for symbol, answer in zip(symbols, reflection.ask(*({"file_containing_symbol": symbol} for symbol in symbols))):
        names = files(answer)
        assert names[-1] == "hephaestus.proto" and "google/protobuf/timestamp.proto" in names, (symbol, names)
        assert answer.original_request.file_containing_symbol == symbol
    (answer,) = reflection.ask({"file_containing_symbol": "google.protobuf.Timestamp"})
    assert files(answer) == ["google/protobuf/timestamp.proto"], files(answer)


@each_version
def by_name(reflection):
    names = [
        "hephaestus.proto", "google/protobuf/timestamp.proto", "grpc/health/v1/health.proto",
        "grpc/reflection/v1/reflection.proto", "grpc/reflection/v1alpha/reflection.proto",
    ]
    for name, answer in zip(names, reflection.ask(*({"file_by_filename": name} for name in names))):
        assert files(answer)[-1] == name, (name, files(answer))


@each_version
def unknown(reflection):
    questions = [
        {"file_by_filename": "other.proto"}, {"file_containing_symbol": "other.Thing"}, {"file_containing_symbol": "hephaestus"},
        {"file_containing_extension": {"containing_type": "hephaestus.PlanId", "extension_number": 100}},
        {"all_extension_numbers_of_type": "other.Thing"},
    ]
    for question, answer in zip(questions, reflection.ask(*questions)):
        assert answer.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0], (question, answer)
        assert answer.error_response.error_message, answer
    (answer,) = reflection.ask({})
    assert answer.error_response.error_code == grpc.StatusCode.INVALID_ARGUMENT.value[0], answer
    (answer,) = reflection.ask({"all_extension_numbers_of_type": "hephaestus.PlanId"})
    assert answer.all_extension_numbers_response.base_type_name == "hephaestus.PlanId", answer
    assert not answer.all_extension_numbers_response.extension_number, answer


@each_version
def usable(reflection):
    """What comes can be built, in the order in which it comes."""
    pool = reflection.pool("hephaestus.Hephaestus")
    service = pool.FindServiceByName("hephaestus.Hephaestus")
    follow = service.FindMethodByName("FollowLog")
    assert follow.input_type.full_name == "hephaestus.FollowLogRequest" and follow.output_type.full_name == "hephaestus.LogUpdate"


run(globals())
