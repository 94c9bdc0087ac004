"""A client of the first Hephaestus: made from the tables of its wire alone, as they stand here, by another implementation
of gRPC.

    old_client.py TARGET DUMPS GATE SCENARIO [ID]

DUMPS: the server's plan.rule_log. GATE: a FIFO that the plan old/waits reads. Scenarios print ids that a later run takes.
"""

import os
import pwd
import re
import sys
import time

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

CALLS = """
| ListPlanSets | Empty | List |
| ListPlans | PlanSetArg | List |
| ListPlan | PlanArg | PlanDetails |
| ShowPlans | Empty | PlanList |
| ShowStatus | PlanId | PlanHistory |
| Execute | PlanArg | PlanId |
| DumpHist | PlanId | Empty |
| DumpHistAll | Empty | Empty |
"""

MESSAGES = """
| Empty | none |
| List | 1 `list` R S |
| PlanSetArg | 1 `name` S |
| PlanArg | 1 `set` S, 2 `plan` S |
| PlanId | 1 `id` uint32, 2 `set` S, 3 `plan` S |
| PlanList | 1 `ids` R PlanId |
| Dictionary | 1 `key` S, 2 `value` S |
| PlanStep | 1 `name` S, 2 `desc` S, 3 `type` S, 4 `user` S, 5 `action` S, 6 `parent` S, 7 `envvars` R Dictionary |
| PlanDetails | 1 `id` S, 2 `steps` R PlanStep |
| PlanHistory | 1 `history` R S |
"""

PATIENCE = 80
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [IE] ", re.ASCII)
MESSAGE_LIMIT = 4 * 1024 * 1024


def rows(table):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()]


def build():
    """The messages of the table, as classes."""
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="old.proto", package="hephaestus", syntax="proto3")
    for name, fields in rows(MESSAGES):
        message = file.message_type.add(name=name)
        for number, field, repeated, kind in re.findall(r"(\d+) `(\w+)` (R )?(\w+)", fields):
            added = message.field.add(name=field, number=int(number))
            added.label = kinds.LABEL_REPEATED if repeated else kinds.LABEL_OPTIONAL
            if kind in ("S", "uint32"):
                added.type = kinds.TYPE_STRING if kind == "S" else kinds.TYPE_UINT32
            else:
                added.type, added.type_name = kinds.TYPE_MESSAGE, ".hephaestus." + kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return {name: factory.GetPrototype(pool.FindMessageTypeByName("hephaestus." + name)) for name, _ in rows(MESSAGES)}


class Client:
    """A method for each call of the table; arguments are the request's fields."""

    def __init__(self, target):
        messages = build()
        channel = grpc.insecure_channel(target)
        for call, request, response in rows(CALLS):
            method = channel.unary_unary(
                "/hephaestus.Hephaestus/" + call, messages[request].SerializeToString, messages[response].FromString)
            setattr(self, call, self.asking(method, messages[request]))

    @staticmethod
    def asking(method, request):
        return lambda **fields: method(request(**fields), timeout=PATIENCE)

    def log(self, number):
        return list(self.ShowStatus(id=number).history)

    def run(self, name):
        """Runs a plan to its end; its id."""
        number = self.Execute(set="old", plan=name).id
        self.wait(number)
        return number

    def wait(self, number):
        """Old clients have nothing but asking again."""
        end = time.monotonic() + PATIENCE
        while "----> Plan ended: " not in self.log(number)[-1]:
            assert time.monotonic() < end, self.log(number)[-5:]
            time.sleep(0.02)

    def listed(self):
        return [(each.id, each.set, each.plan) for each in self.ShowPlans().ids]


def refused(code, call, **fields):
    """The text of the error."""
    try:
        answer = call(**fields)
    except grpc.RpcError as error:
        assert error.code() == code, (error.code(), error.details(), fields)
        return error.details()
    raise AssertionError("answered %r to %r" % (answer, fields))


def dump_of(name, number):
    found = [file for file in os.listdir(dumps) if re.fullmatch(r"old\.%s\(%d\)_\d+\.log" % (re.escape(name), number), file)]
    assert len(found) == 1, (name, number, os.listdir(dumps))
    stamp = int(found[0].rsplit("_", 1)[1][:-4])
    assert abs(stamp - time.time()) < PATIENCE, stamp
    with open(os.path.join(dumps, found[0]), encoding="utf-8", newline="\n") as file:
        return file.read()


def texts(log):
    """What the steps printed."""
    return [line[22:] for line in log if not line[22:].startswith("----> ")]


def listing():
    assert client.ListPlanSets().list == ["empty", "old", "test#2"]
    assert client.ListPlans(name="old").list == ["big", "broken", "deploy.to.prod", "fails", "fine", "waits"]
    assert list(client.ListPlans(name="empty").list) == []
    refused(grpc.StatusCode.NOT_FOUND, client.ListPlans, name="nowhere")


def details():
    plan = client.ListPlan(set="old", plan="deploy.to.prod")
    assert plan.id == "deploy.to.prod", plan
    fields = [(step.name, step.desc, step.type, step.user, step.action, step.parent) for step in plan.steps]
    assert fields == [
        ("first", "Stop the wiki & its cache", "step", "", "echo 1", ""),
        ("second", "", "step", "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name, "cd /tmp && echo 2", "first"),
        ("undo", "", "recovery", "", "echo 3", "second"),
    ], fields
    variables = [(variable.key, variable.value) for variable in plan.steps[1].envvars]
    assert variables == [("TARGET", "/mnt/backup/wiki  copy"), ("LEVEL", "3")], variables
    refused(grpc.StatusCode.NOT_FOUND, client.ListPlan, set="old", plan="nothing")
    refused(grpc.StatusCode.NOT_FOUND, client.ListPlan, set="nowhere", plan="fine")


def broken():
    for call in (client.ListPlan, client.Execute):
        text = refused(grpc.StatusCode.FAILED_PRECONDITION, call, set="old", plan="broken")
        errors = text.splitlines()
        assert len(errors) == 2, text
        for error, line in zip(errors, (2, 5)):
            assert re.match(r".*broken\.conf:%d:\d+: \S" % line, error), error
    assert client.listed() == [], client.listed()


def names():
    for name in ("..", ".", "../old", "old/../old", "/etc", "a/b", ".hidden", "nul\0", "a..b"):
        refused(grpc.StatusCode.INVALID_ARGUMENT, client.ListPlans, name=name)
        for call in (client.ListPlan, client.Execute):
            refused(grpc.StatusCode.INVALID_ARGUMENT, call, set=name, plan="fine")
            refused(grpc.StatusCode.INVALID_ARGUMENT, call, set="old", plan=name)
    assert client.listed() == [], client.listed()


def running():
    """Execute answers while the plan runs; a running one can be seen, and not be dumped."""
    answer = client.Execute(set="old", plan="waits")
    assert (answer.set, answer.plan) == ("old", "waits") and answer.id > 0, answer
    assert client.listed() == [(answer.id, "old", "waits")], client.listed()
    # The log of a running plan can be read.
    assert all(LINE.match(line) for line in client.log(answer.id)), client.log(answer.id)
    refused(grpc.StatusCode.FAILED_PRECONDITION, client.DumpHist, id=answer.id)
    # Blocks until the step reads.
    with open(gate, "w", encoding="ascii") as waiting:
        waiting.write("go on\n")
    client.wait(answer.id)
    assert texts(client.log(answer.id)) == ["go on"], client.log(answer.id)


def statuses():
    number = client.run("fails")
    log = client.log(number)
    assert all(LINE.match(line) for line in log), log
    assert [line[20:] for line in log if line[22:] in ("to output", "to error")] in (
        ["I to output", "E to error"], ["E to error", "I to output"]), log
    said = "\n".join(log)
    for step, word in (("good", "OK"), ("bad", "NOK"), ("never", "Did not run"), ("lost", "Failed"), ("undo", "OK")):
        assert re.search(r"----> (Step|Recovery) '%s'(:| ended:) %s\b" % (step, word), said), (step, said)
    # The last step that ended neither OK nor unrun.
    assert log[-1].endswith("----> Plan ended: Failed"), log[-1]
    fine = client.run("fine")
    assert client.log(fine)[-1].endswith("----> Plan ended: OK"), client.log(fine)
    # By the id alone, whatever else is said.
    assert client.ShowStatus(id=fine, set="other", plan="thing").history == client.log(fine)
    for call in (client.ShowStatus, client.DumpHist):
        for unknown in (0, fine + 1, 4294967295):
            refused(grpc.StatusCode.NOT_FOUND, call, id=unknown)


def unknown_plan():
    before = client.listed()
    refused(grpc.StatusCode.NOT_FOUND, client.Execute, set="old", plan="nothing")
    refused(grpc.StatusCode.NOT_FOUND, client.Execute, set="nowhere", plan="fine")
    assert client.listed() == before, client.listed()


def too_long():
    number = client.run("big")
    answer = client.ShowStatus(id=number)
    size = answer.ByteSize()
    assert MESSAGE_LIMIT / 2 < size <= MESSAGE_LIMIT, size
    first, *lines = answer.history
    assert LINE.match(first), first
    (left_out,) = re.findall(r"\d+", first[22:])
    printed = texts(lines)
    assert printed == ["line %d of many, to fill a message" % number for number in range(200000 - len(printed) + 1, 200001)]
    client.DumpHist(id=number)
    whole = dump_of("big", number).splitlines()
    assert len(whole) == int(left_out) + len(lines), (len(whole), left_out, len(lines))
    assert whole[-len(lines):] == lines


def dump():
    first, second = client.run("fine"), client.run("fine")
    log = client.log(first)
    client.DumpHist(id=first)
    assert dump_of("fine", first) == "".join(line + "\n" for line in log)
    assert client.listed() == [(second, "old", "fine")], client.listed()
    # It is off the list, not gone.
    assert client.log(first) == log


def dump_all():
    finished = [client.run("fine"), client.run("fails")]
    hopeless = client.run("fine")
    finished.append(client.run("fine"))
    waiting = client.Execute(set="old", plan="waits").id
    logs = {number: client.log(number) for number in finished}
    # Wherever the hopeless one's dump would go within the next minutes, there is a directory.
    for second in range(int(time.time()) - 5, int(time.time()) + 300):
        os.makedirs(os.path.join(dumps, "old.fine(%d)_%d.log" % (hopeless, second)))
    assert "old.fine(%d)" % hopeless in refused(grpc.StatusCode.INTERNAL, client.DumpHistAll)
    for number, name in zip(finished, ("fine", "fails", "fine")):
        assert dump_of(name, number) == "".join(line + "\n" for line in logs[number])
    assert [number for number, *_ in client.listed()] == [hopeless, waiting], client.listed()
    with open(gate, "w", encoding="ascii") as file:
        file.write("go on\n")
    client.wait(waiting)


def before_restart():
    print(client.run("fine"))


def after_restart(number):
    number = int(number)
    assert client.listed() == [(number, "old", "fine")], client.listed()
    assert texts(client.log(number)) == ["fine"], client.log(number)
    client.DumpHist(id=number)
    again = client.run("fine")
    assert again > number, (again, number)
    assert client.listed() == [(again, "old", "fine")], client.listed()
    client.DumpHistAll()
    print(again)


target, dumps, gate, scenario, *arguments = sys.argv[1:]
client = Client(target)
globals()[scenario](*arguments)
