"""Variables of subprocesses, limits of automatic steps, standards and ids that can't be right."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from broker_crm import clock
from broker_crm.engine import commands
from broker_crm.engine.errors import DiagramRefused, RuleFailed
from broker_crm.engine.instants import instant, instants

from .diagrams import Jobs, around, compiled, flows, properties, user_task

START = '<bpmn:startEvent id="s" />'
END = '<bpmn:endEvent id="e" />'
MESSAGE = (
    '<bpmn:message id="M" name="reply"><bpmn:extensionElements>'
    '<zeebe:subscription correlationKey="=k" /></bpmn:extensionElements></bpmn:message>'
)
EACH = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
    '<zeebe:loopCharacteristics inputCollection="=items" inputElement="item"'
    ' outputCollection="found" outputElement="{}" />'
    "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
)


def mapping(*, inputs: str = "", outputs: str = "") -> str:
    written = ""
    for kind, listed in (("input", inputs), ("output", outputs)):
        if listed:
            target, source = listed.split(" ", 1)
            written += f'<zeebe:{kind} source="{source}" target="{target}" />'
    return f"<zeebe:ioMapping>{written}</zeebe:ioMapping>"


def subprocess(inside: str, *, extensions: str = "", loop: str = "") -> str:
    return (
        f'<bpmn:subProcess id="sub"><bpmn:extensionElements>{extensions}</bpmn:extensionElements>'
        f'{loop}<bpmn:startEvent id="s2" /><bpmn:endEvent id="e2" />{inside}</bpmn:subProcess>'
    )


def script(identifier: str, expression: str, variable: str) -> str:
    return (
        f'<bpmn:scriptTask id="{identifier}"><bpmn:extensionElements>'
        f'<zeebe:script expression="{expression}" resultVariable="{variable}" />'
        "</bpmn:extensionElements></bpmn:scriptTask>"
    )


def service(identifier: str) -> str:
    return (
        f'<bpmn:serviceTask id="{identifier}"><bpmn:extensionElements>'
        '<zeebe:taskDefinition type="job" /></bpmn:extensionElements></bpmn:serviceTask>'
    )


def test_outputs_of_a_subprocess_read_what_it_has_to_itself():
    process = compiled(
        START
        + subprocess(
            script("double", "=mine * 2", "mine") + flows("s2>double", "double>e2"),
            extensions=mapping(inputs="mine =n + 1", outputs="result =mine"),
        )
        + END
        + flows("s>sub", "sub>e")
    )
    _, ended = commands.start(process, {"n": 1}, around())
    assert ended.variables == {"n": 1, "result": 4}


def test_instances_of_a_subprocess_do_not_mix_up_their_results():
    process = compiled(
        START
        + subprocess(
            user_task("ask") + user_task("note") + flows("s2>ask", "ask>note", "note>e2"),
            extensions=mapping(inputs="premium =null"),
            loop=EACH.format("=premium"),
        )
        + END
        + flows("s>sub", "sub>e")
    )
    state, begun = commands.start(process, {"items": ["A", "B"]}, around())
    notes = []
    for task, premium in zip(begun.created, (10, 20), strict=True):
        state, step = commands.complete(process, state, task.id, {"premium": premium}, around())
        notes += step.created
    assert [task.local_variables["item"] for task in notes] == ["A", "B"]
    for task in notes:
        state, step = commands.complete(process, state, task.id, {}, around())
    assert step.variables == {"items": ["A", "B"], "found": [10, 20]}


def test_an_event_behind_an_event_gateway_maps_the_message_itself():
    process = compiled(
        START + '<bpmn:eventBasedGateway id="g" /><bpmn:intermediateCatchEvent id="replied">'
        f"<bpmn:extensionElements>{mapping(outputs='reply =answer')}</bpmn:extensionElements>"
        '<bpmn:messageEventDefinition messageRef="M" /></bpmn:intermediateCatchEvent>'
        '<bpmn:intermediateCatchEvent id="day"><bpmn:timerEventDefinition>'
        "<bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition>"
        "</bpmn:intermediateCatchEvent>"
        + END
        + flows("s>g", "g>replied", "g>day", "replied>e", "day>e"),
        MESSAGE,
    )
    state, begun = commands.start(process, {"k": 1}, around())
    payload = {"answer": "yes", "other": "secret"}
    _, ended = commands.deliver(process, state, begun.subscriptions[0].id, payload, around())
    assert ended.variables == {"k": 1, "reply": "yes"}


def test_a_hundred_automatic_instances_are_no_circle():
    steps = [f"job{number}" for number in range(8)]
    inside = "".join(service(step) for step in steps) + flows(
        f"s2>{steps[0]}",
        *(f"{a}>{b}" for a, b in pairwise(steps)),
        f"{steps[-1]}>e2",
    )
    process = compiled(
        START + subprocess(inside, loop=EACH.format("=item")) + END + flows("s>sub", "sub>e")
    )
    jobs = Jobs()
    _, ended = commands.start(process, {"items": list(range(100))}, around(jobs))
    assert ended.finished and len(jobs.ran) == 800


def test_a_process_that_calls_itself_without_end_is_stopped():
    process = compiled(
        START + '<bpmn:callActivity id="again"><bpmn:extensionElements>'
        '<zeebe:calledElement processId="demo" /></bpmn:extensionElements></bpmn:callActivity>'
        + END
        + flows("s>again", "again>e")
    )
    with pytest.raises(RuleFailed, match="more than 50 deep"):
        commands.start(process, {}, around())


def test_reminders_of_a_multi_instance_task_count_from_its_standard_and_name_its_open_tasks():
    process = compiled(
        START
        + user_task(
            "ask", extensions=properties(standardWorkingDays="3"), inside=EACH.format("=item")
        )
        + '<bpmn:boundaryEvent id="b" attachedToRef="ask" cancelActivity="false">'
        "<bpmn:timerEventDefinition><bpmn:timeDate>=before due(1)</bpmn:timeDate>"
        '</bpmn:timerEventDefinition></bpmn:boundaryEvent><bpmn:endEvent id="told">'
        '<bpmn:extensionElements><zeebe:taskDefinition type="remind" /></bpmn:extensionElements>'
        "<bpmn:messageEventDefinition /></bpmn:endEvent>" + END + flows("s>ask", "ask>e", "b>told")
    )
    simulated = clock.SimulatedClock(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    with clock.use(simulated):
        state, begun = commands.start(process, {"items": ["A", "B"]}, around())
        first, second = begun.created
        (timer,) = begun.timers
        assert timer.due_at == datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
        state, _ = commands.complete(process, state, first.id, {}, around())
        simulated.set(timer.due_at)
        jobs = Jobs()
        commands.fire_timer(process, state, timer.id, around(jobs))
    assert [job.host_instances for job in jobs.ran] == [(second.id,)]


def test_the_flow_taken_is_told_when_two_lead_to_the_same_step():
    second = '<bpmn:sequenceFlow id="otherwise" sourceRef="g" targetRef="b" />'
    process = compiled(
        START
        + user_task("a")
        + '<bpmn:exclusiveGateway id="g" default="otherwise" />'
        + user_task("b")
        + END
        + flows("s>a", "a>g", "g>b: =x", "b>e")
        + second
    )
    state, begun = commands.start(process, {}, around())
    for value, flow in ((True, "g-b"), (False, "otherwise")):
        step = commands.complete(process, state, begun.created[0].id, {"x": value}, around())[1]
        told = [each.value["flows"] for each in step.events if each.element_id == "g"]
        assert told == [[flow]]


@pytest.mark.parametrize("standard", ["-1", "inf", "nan", "1000000"])
def test_a_standard_that_can_not_be_kept_fails_by_name(standard):
    extensions = properties(standardWorkingDays=standard)
    process = compiled(START + user_task("a", extensions=extensions) + END + flows("s>a", "a>e"))
    with pytest.raises(RuleFailed, match="standard"):
        commands.start(process, {}, around())


@pytest.mark.parametrize("day", ["0001-01-01T00:00", "9999-12-31T23:59:59-12:00", "9999-12-31"])
def test_an_instant_at_the_edge_of_time_is_refused(day):
    with pytest.raises(ValueError, match="fifty years"):
        instant(day)


@pytest.mark.parametrize(
    ("cycle", "days"),
    [
        ("R3/2026-01-31T09:00/P1M", ["01-31T07:00", "02-28T07:00", "03-31T06:00"]),
        ("R3/2026-03-28T09:00/P1D", ["03-28T07:00", "03-29T06:00", "03-30T06:00"]),
        ("R2/2026-03-29T01:00/PT4H", ["03-28T23:00", "03-29T03:00"]),
    ],
)
def test_days_and_months_keep_the_time_of_day_and_hours_are_hours(cycle, days):
    with clock.use(clock.SimulatedClock(datetime(2026, 1, 2, 8, 0, tzinfo=UTC))):
        assert instants(cycle, "timeCycle") == [f"2026-{day}:00+00:00" for day in days]


@pytest.mark.parametrize("name", ["a.BoundaryEventSplit", "a.BoundaryEventJoin", "demo.EndJoin"])
def test_an_id_that_the_library_uses_itself_is_refused(name):
    with pytest.raises(DiagramRefused, match="reserved"):
        compiled(START + user_task("a") + user_task(name) + END + flows("s>a", f"a>{name}"))
