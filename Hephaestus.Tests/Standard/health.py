"""Asks the health service.

    health.py TARGET SCENARIO

The scenario "watch" prints each status as it comes, and ends at the end of the call, whose code it prints.
"""

import grpc

from by_hand import NOT_SERVING, SERVICE_UNKNOWN, SERVING, health, method, run

OURS = "hephaestus.Hephaestus"
EXECUTE = OURS + "/Execute"


def checking(channel, kind, name):
    return method(channel, kind, "/grpc.health.v1.Health/" + name, health["HealthCheckRequest"], health["HealthCheckResponse"])


def check(channel, service):
    call = checking(channel, "unary_unary", "Check")
    return call(health["HealthCheckRequest"](service=service), timeout=60).status


def watching(channel, service):
    call = checking(channel, "unary_stream", "Watch")
    return call(health["HealthCheckRequest"](service=service))


def serving(channel):
    assert check(channel, "") == SERVING
    assert check(channel, OURS) == SERVING
    assert next(watching(channel, OURS)).status == SERVING


def not_serving(channel):
    assert check(channel, "") == NOT_SERVING
    assert check(channel, OURS) == NOT_SERVING
    assert next(watching(channel, "")).status == NOT_SERVING


def draining(channel):
    assert check(channel, "") == SERVING
    assert check(channel, OURS) == SERVING
    assert check(channel, EXECUTE) == NOT_SERVING
    assert next(watching(channel, EXECUTE)).status == NOT_SERVING


def unknown(channel):
    try:
        check(channel, "other.Service")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.NOT_FOUND, error
        assert "other.Service" in error.details(), error
    else:
        raise AssertionError("an unknown service has a status")
    assert next(watching(channel, "other.Service")).status == SERVICE_UNKNOWN


def everything(channel):
    path = "/grpc.health.v1.Health/List"
    call = method(channel, "unary_unary", path, health["HealthListRequest"], health["HealthListResponse"])
    statuses = {entry.key: entry.value.status for entry in call(health["HealthListRequest"](), timeout=60).statuses}
    assert statuses == {"": SERVING, OURS: SERVING, EXECUTE: SERVING}, statuses


def watch(channel):
    call = watching(channel, OURS)
    try:
        for response in call:
            print(response.status, flush=True)
    except grpc.RpcError:
        print(call.code().name, flush=True)


run(globals())
