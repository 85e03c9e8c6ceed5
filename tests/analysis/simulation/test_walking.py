"""The same choices give the same path in the simulated graph as in the engine."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from broker_crm import clock
from broker_crm.analysis.simulation.model import model_of
from broker_crm.analysis.simulation.running import run
from broker_crm.analysis.simulation.walking import Walk
from broker_crm.engine import commands as engine
from tests.analysis.simulation.planted import DAY, Planted
from tests.engine.diagrams import around, compiled, flows, properties, user_task
from tests.engine.structured import Writer

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


class Nobody:
    """Decides nothing: the diagrams here leave nothing open."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"asked for {name}")


@pytest.mark.parametrize("seed", range(60))
def test_random_diagrams_are_walked_as_the_engine_walks_them(seed: int) -> None:
    chance = random.Random(seed)
    process = compiled(Writer(chance).process(3))
    walk = Walk(model_of(process), Nobody())
    with clock.use(clock.SimulatedClock(NOW)):
        state, made = engine.start(process, {"outcome": "on"}, around())
        walk.case.values["outcome"] = "on"
        walk.begin()
        standing = {task.id: task.element_id for task in made.created}
        for _ in range(40):
            open_here = Counter(stop.node.id for stop in walk.stops if not stop.guard)
            assert open_here == Counter(standing.values())
            if not standing:
                break
            task_id = chance.choice(sorted(standing, key=str))
            outcome = chance.choice(["on", "on", "again"])
            name = standing[task_id]
            values = {"outcome": outcome}
            state, made = engine.complete(process, state, task_id, values, around())
            for gone in (*made.cancelled, *(task.id for task in made.completed)):
                standing.pop(gone, None)
            standing |= {task.id: task.element_id for task in made.created}
            stop = next(each for each in walk.stops if each.node.id == name)
            walk.finish(stop, outcome)
        assert walk.over == (not standing)


def test_a_boundary_timer_ends_the_step_and_a_reminder_does_not() -> None:
    timer = (
        "<bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration>"
        "</bpmn:timerEventDefinition>"
    )
    body = (
        '<bpmn:startEvent id="s"/>'
        + user_task("sign", extensions=properties(outcomes="yes"))
        + f'<bpmn:boundaryEvent id="late" attachedToRef="sign">{timer}</bpmn:boundaryEvent>'
        + '<bpmn:boundaryEvent id="remind" cancelActivity="false" attachedToRef="sign">'
        + f"{timer}</bpmn:boundaryEvent>"
        + '<bpmn:endEvent id="e"/><bpmn:endEvent id="r"/>'
        + user_task("after")
    )
    model = model_of(
        compiled(body + flows("s>sign", "sign>e", "late>after", "after>e", "remind>r"))
    )
    assert model.reminders == ("remind",)
    planted = Planted(1 / DAY, 3 * DAY, tuple("abcdefghij"), waits={"late": (DAY, None)})
    told = run(model, planted, 1, 0, 60 * DAY)
    signed = [step for step in told.steps if step.node.id == "sign"]
    assert all(step.done - step.created <= DAY for step in signed)
    after = [step for step in told.steps if step.node.id == "after"]
    assert {step.case for step in after} | {step.case for step in signed} == set(
        range(len(told.cases))
    )
    assert not {step.case for step in after} & {step.case for step in signed}


def test_inclusive_branches_are_joined_and_many_are_done_for_each() -> None:
    body = (
        '<bpmn:startEvent id="s"/><bpmn:inclusiveGateway id="some" default="some-c"/>'
        + user_task("a")
        + user_task("b")
        + user_task("c")
        + '<bpmn:inclusiveGateway id="join"/>'
        + '<bpmn:subProcess id="each"><bpmn:multiInstanceLoopCharacteristics>'
        + '<bpmn:extensionElements><zeebe:loopCharacteristics inputCollection="=[1]"/>'
        + "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
        + '<bpmn:startEvent id="is"/>'
        + user_task("inner")
        + '<bpmn:endEvent id="ie"/>'
        + flows("is>inner", "inner>ie")
        + '</bpmn:subProcess><bpmn:endEvent id="e"/>'
    )
    wires = ("s>some", "some>a: =x", "some>b: =y", "some>c", "a>join", "b>join", "c>join")
    model = model_of(compiled(body + flows(*wires, "join>each", "each>e")))
    planted = Planted(
        1 / DAY, 600, ("p", "q"), flows={"some": ["some-a", "some-b"]}, counts={"each": 3}
    )
    told = run(model, planted, 1, 0, 20 * DAY)
    steps = Counter(step.node.id for step in told.steps)
    cases = len(told.cases)
    assert steps == {"a": cases, "b": cases, "inner": 3 * cases}
    assert all(case.ended is not None for case in told.cases)
