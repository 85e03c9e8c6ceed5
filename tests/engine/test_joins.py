"""Joins wait for every token and use each only once; subprocesses end at any depth."""

from __future__ import annotations

import pytest

from broker_crm.engine import commands
from broker_crm.engine.errors import RuleFailed
from broker_crm.engine.transition import Transition

from .diagrams import around, compiled, diagram, flows, user_task

START = '<bpmn:startEvent id="s" />'
END = '<bpmn:endEvent id="e" />'


class Instance:
    """A running instance whose open tasks are completed by element id."""

    def __init__(self, body: str, **variables: object) -> None:
        self.process = compiled(body)
        self.tasks: dict[object, str] = {}
        self._take(commands.start(self.process, variables, around()))

    @property
    def open(self) -> list[str]:
        return sorted(self.tasks.values())

    def do(self, element: str, **variables: object) -> list[str]:
        task = next(task for task, each in self.tasks.items() if each == element)
        self._take(commands.complete(self.process, self.state, task, variables, around()))
        return self.open

    def _take(self, result: tuple[bytes, Transition]) -> None:
        self.state, self.last = result
        for gone in (*(task.id for task in self.last.completed), *self.last.cancelled):
            del self.tasks[gone]
        self.tasks.update({task.id: task.element_id for task in self.last.created})


def looped(gateway: str, conditions: tuple[str, str] = ("", "")) -> str:
    """A loop around a fork and its join, beside an open task of an outer fork."""
    first, second = conditions
    return (
        START
        + f'<bpmn:parallelGateway id="f" /><bpmn:parallelGateway id="j" />{user_task("other")}'
        + f'<bpmn:exclusiveGateway id="m" /><bpmn:{gateway} id="f2" /><bpmn:{gateway} id="j2" />'
        + user_task("a")
        + user_task("b")
        + '<bpmn:exclusiveGateway id="g" default="g-j" />'
        + END
        + flows("s>f", "f>other", "other>j", "f>m", "m>f2", f"f2>a{first}", f"f2>b{second}")
        + flows("a>j2", "b>j2", "j2>g", "g>m: =again", "g>j", "j>e")
    )


@pytest.mark.parametrize("order", ["ab", "ba"])
@pytest.mark.parametrize(
    ("gateway", "conditions"),
    [("parallelGateway", ("", "")), ("inclusiveGateway", (": =true", ": =true"))],
)
@pytest.mark.parametrize("outer_first", [True, False], ids=["outer-waits", "outer-open"])
def test_a_join_in_a_loop_waits_for_every_branch_in_every_round(
    gateway, conditions, order, outer_first
):
    instance = Instance(looped(gateway, conditions), again=True)
    others = [] if outer_first else ["other"]
    if outer_first:
        instance.do("other")
    first, second = order
    assert instance.do(first) == sorted([second, *others])
    assert instance.do(second) == sorted(["a", "b", *others])
    for again in (True, False):
        assert instance.do(second) == sorted([first, *others])
        instance.do(first, again=again)
    assert instance.open == others
    if not outer_first:
        instance.do("other")
    assert instance.last.finished


def test_an_inclusive_join_takes_another_choice_in_the_next_round():
    instance = Instance(looped("inclusiveGateway", (": =n = 1", ": =n &gt; 0")), n=1, again=True)
    assert instance.do("a") == ["b", "other"]
    assert instance.do("b", n=2) == ["b", "other"]
    assert instance.do("b", n=1) == ["a", "b", "other"]
    assert instance.do("b") == ["a", "other"]


def test_an_inclusive_join_does_not_wait_for_a_branch_that_ended_elsewhere():
    instance = Instance(
        START
        + '<bpmn:inclusiveGateway id="f" /><bpmn:inclusiveGateway id="j" />'
        + user_task("a")
        + user_task("b")
        + '<bpmn:exclusiveGateway id="g" default="g-x" /><bpmn:endEvent id="x" />'
        + user_task("c")
        + END
        + flows("s>f", "f>a: =true", "f>b: =true", "a>j", "b>g", "g>j: =join", "g>x")
        + flows("j>c", "c>e")
    )
    assert instance.do("a") == ["b"]
    assert instance.do("b", join=False) == ["c"]
    instance.do("c")
    assert instance.last.finished


def test_an_inclusive_gateway_without_a_true_condition_tells_so():
    body = (
        START
        + user_task("a")
        + '<bpmn:inclusiveGateway id="f" /><bpmn:endEvent id="x" />'
        + END
        + flows("s>a", "a>f", "f>x: =n = 1", "f>e: =n = 2")
    )
    with pytest.raises(RuleFailed, match="No condition is true and there is no default flow"):
        Instance(body, n=0).do("a")


def test_subprocesses_in_subprocesses_end_together():
    inner = (
        '<bpmn:subProcess id="inner"><bpmn:startEvent id="s2" />'
        + user_task("a")
        + f'<bpmn:endEvent id="e2" />{flows("s2>a", "a>e2")}</bpmn:subProcess>'
    )
    outer = (
        '<bpmn:subProcess id="outer"><bpmn:startEvent id="s1" />'
        f'{inner}<bpmn:endEvent id="e1" />{flows("s1>inner", "inner>e1")}</bpmn:subProcess>'
    )
    body = START + outer + user_task("b") + END + flows("s>outer", "outer>b", "b>e")
    instance = Instance(body)
    assert instance.do("a") == ["b"]
    instance.do("b")
    assert instance.last.finished


@pytest.mark.parametrize("order", [("f>j: =true", "f>b: =true"), ("f>b: =true", "f>j: =true")])
def test_an_inclusive_join_waits_whichever_flow_was_drawn_first(order):
    instance = Instance(
        START
        + '<bpmn:inclusiveGateway id="f" /><bpmn:inclusiveGateway id="j" />'
        + user_task("b")
        + user_task("c")
        + END
        + flows("s>f", *order, "b>j", "j>c", "c>e")
    )
    assert instance.open == ["b"]
    assert instance.do("b") == ["c"]


def test_two_flows_from_the_same_element_are_two_tokens_of_one_join():
    second = '<bpmn:sequenceFlow id="again" sourceRef="f" targetRef="j" />'
    instance = Instance(
        START
        + '<bpmn:parallelGateway id="f" /><bpmn:parallelGateway id="j" />'
        + user_task("b")
        + user_task("c")
        + END
        + flows("s>f", "f>j", "f>b", "b>j", "j>c", "c>e")
        + second
    )
    assert instance.do("b") == ["c"]
    instance.do("c")
    assert instance.last.finished


def nested(name: str) -> str:
    """A subprocess in a subprocess, around one user task."""
    inner = (
        f'<bpmn:subProcess id="{name}i"><bpmn:startEvent id="{name}is" />{user_task(name)}'
        f'<bpmn:endEvent id="{name}ie" />{flows(f"{name}is>{name}", f"{name}>{name}ie")}'
        "</bpmn:subProcess>"
    )
    return (
        f'<bpmn:subProcess id="{name}o"><bpmn:startEvent id="{name}s" />{inner}'
        f'<bpmn:endEvent id="{name}e" />{flows(f"{name}s>{name}i", f"{name}i>{name}e")}'
        "</bpmn:subProcess>"
    )


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_subprocesses_in_subprocesses_run_side_by_side(order):
    instance = Instance(
        START
        + '<bpmn:parallelGateway id="f" /><bpmn:parallelGateway id="j" />'
        + nested("a")
        + nested("b")
        + END
        + flows("s>f", "f>ao", "f>bo", "ao>j", "bo>j", "j>e")
    )
    assert instance.open == ["a", "b"]
    for name in order:
        instance.do(name)
    assert instance.last.finished


def test_an_error_in_one_of_several_called_processes_cancels_the_others():
    called = diagram(
        '<bpmn:startEvent id="s3" />'
        + user_task("u")
        + '<bpmn:endEvent id="t"><bpmn:errorEventDefinition errorRef="X" /></bpmn:endEvent>'
        + flows("s3>u", "u>t"),
        '<bpmn:error id="X" errorCode="x" />',
        process="called",
    )
    process = compiled(
        START + '<bpmn:callActivity id="call"><bpmn:extensionElements>'
        '<zeebe:calledElement processId="called" /></bpmn:extensionElements>'
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="=[1, 2, 3]" /></bpmn:extensionElements>'
        '</bpmn:multiInstanceLoopCharacteristics></bpmn:callActivity><bpmn:boundaryEvent id="b"'
        ' attachedToRef="call"><bpmn:errorEventDefinition errorRef="Y" /></bpmn:boundaryEvent>'
        + user_task("c")
        + END
        + flows("s>call", "call>e", "b>c", "c>e"),
        '<bpmn:error id="Y" errorCode="x" />',
        others={"called.bpmn": called},
    )
    state, begun = commands.start(process, {}, around())
    _, caught = commands.complete(process, state, begun.created[0].id, {}, around())
    assert [task.element_id for task in caught.created] == ["c"]
    assert set(caught.cancelled) == {task.id for task in begun.created[1:]}
