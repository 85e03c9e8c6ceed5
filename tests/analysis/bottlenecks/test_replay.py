"""Paths are followed through diagrams: what the diagram allows fits, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from broker_crm.analysis.bottlenecks.graph import Graph
from broker_crm.analysis.bottlenecks.replay import Replay
from broker_crm.engine.definition import CompiledProcess, Source, compile_process

from .plain_game import Game, allows, walk

BPMN = Path(__file__).parents[3] / "bpmn"
DIAGRAMS = ("new_client_sale", "renewal", "cross_sell", "up_sell", "complaint", "campaign")
TABLES = {file.name: file.read_bytes() for file in sorted(BPMN.glob("*.dmn"))}
SMALL = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="D" targetNamespace="t">
<bpmn:process id="small" name="Small" isExecutable="true">{inside}</bpmn:process>
</bpmn:definitions>"""


CONDITION = "<bpmn:conditionExpression>=1 = 1</bpmn:conditionExpression>"


def compiled(name: str) -> CompiledProcess:
    content = (BPMN / f"{name}.bpmn").read_bytes()
    return compile_process(Source(name.replace("_", "-"), {f"{name}.bpmn": content}, TABLES))


def drawn(*parts: str) -> Replay:
    """A small diagram: elements such as 'userTask a', flows such as 'a > b'."""
    told = []
    for number, part in enumerate(parts):
        if " > " in part:
            source, target = part.split(" > ")
            told.append(
                f'<bpmn:sequenceFlow id="f{number}" sourceRef="{source}" targetRef="{target}">'
                f"{CONDITION if source == 'g' else ''}</bpmn:sequenceFlow>"
            )
        else:
            told.append(part)
    diagram = SMALL.format(inside="".join(map(_element, told)))
    return Replay(Graph(compile_process(Source("small", {"small.bpmn": diagram.encode()}))))


def _element(part: str) -> str:
    if part.startswith("<"):
        return part
    kind, name = part.split()
    return f'<bpmn:{kind} id="{name}"/>'


def fits(replay: Replay, *path: str) -> bool:
    return replay.follow(path, ended=True).fits


@pytest.mark.parametrize("name", DIAGRAMS)
def test_random_walks_fit_and_changed_ones_only_where_the_diagram_allows_them(name: str) -> None:
    process = compiled(name)
    game, replay, chance = Game(process), Replay(Graph(process)), random.Random(name)
    walks = [path for _each in range(150) if (path := walk(game, chance)) is not None]
    assert len(walks) > 60 and len({tuple(path) for path in walks}) > 7
    steps = sorted(process.user_tasks)
    refused = judged = 0
    for path in walks:
        verdict = replay.follow(path, ended=True)
        assert verdict.fits, (path, verdict)
    short = sorted((path for path in walks if len(path) > 1), key=len)[:8]
    for path in short:
        for changed in (_swapped(path, chance), _with(path, steps, chance), _less(path, chance)):
            found = replay.follow(changed, ended=True)
            wanted = allows(game, changed)
            assert wanted in (None, found.fits), (path, changed, found)
            judged += wanted is not None
            refused += not found.fits
    assert short and refused > len(short) / 2 and judged > len(short)


def _swapped(path: Sequence[str], chance: random.Random) -> list[str]:
    place = chance.randrange(len(path) - 1)
    return [*path[:place], path[place + 1], path[place], *path[place + 2 :]]


def _with(path: Sequence[str], steps: Sequence[str], chance: random.Random) -> list[str]:
    place = chance.randrange(len(path) + 1)
    return [*path[:place], chance.choice(steps), *path[place:]]


def _less(path: Sequence[str], chance: random.Random) -> list[str]:
    place = chance.randrange(len(path))
    return [*path[:place], *path[place + 1 :]]


def test_it_is_told_where_and_how_a_path_leaves() -> None:
    replay = drawn(
        "startEvent s", "userTask a", "userTask b", "endEvent e", "s > a", "a > b", "b > e"
    )
    assert fits(replay, "a", "b")
    skipped = replay.follow(["b"], ended=True)
    assert (skipped.how, skipped.place, skipped.expected) == ("unexpected", 0, ("a",))
    early = replay.follow(["a"], ended=True)
    assert (early.how, early.place, early.expected) == ("unfinished", 1, ("b",))
    assert replay.follow(["a"], ended=False).fits
    unknown = replay.follow(["a", "x"], ended=False)
    assert (unknown.how, unknown.place) == ("unknown", 1)
    assert replay.follow(["a", "b", "b"], ended=True).how == "unexpected"


def test_both_ways_of_a_parallel_gateway_are_done_in_any_order() -> None:
    replay = drawn(
        "startEvent s", "parallelGateway p", "userTask a", "userTask b", "parallelGateway j",
        "userTask c", "endEvent e", "s > p", "p > a", "p > b", "a > j", "b > j", "j > c", "c > e",
    )  # fmt: skip
    assert fits(replay, "a", "b", "c") and fits(replay, "b", "a", "c")
    assert not fits(replay, "a", "c") and not fits(replay, "a", "a", "b", "c")
    assert not fits(replay, "a", "c", "b")


def test_one_way_of_an_exclusive_gateway_and_any_of_an_inclusive_one() -> None:
    ways = ("userTask a", "userTask b", "endEvent e", "s > g", "g > a", "g > b")
    one = drawn("startEvent s", "exclusiveGateway g", *ways, "a > e", "b > e")
    assert fits(one, "a") and fits(one, "b") and not fits(one, "a", "b")
    some = drawn(
        "startEvent s", "inclusiveGateway g", *ways, "inclusiveGateway j", "a > j", "b > j", "j > e"
    )
    assert fits(some, "a") and fits(some, "b", "a") and not fits(some)


def test_a_loop_is_taken_as_often_as_it_is() -> None:
    replay = drawn(
        "startEvent s", "exclusiveGateway m", "userTask a", "exclusiveGateway g", "endEvent e",
        "s > m", "m > a", "a > g", "g > m", "g > e",
    )  # fmt: skip
    assert fits(replay, "a") and fits(replay, *"aaaaa") and not fits(replay)


def test_an_event_at_the_boundary_ends_its_step_or_leaves_it() -> None:
    timer = (
        '<bpmn:boundaryEvent id="t" attachedToRef="a" cancelActivity="{}">'
        '<bpmn:timerEventDefinition id="td"><bpmn:timeDuration>P1D</bpmn:timeDuration>'
        "</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    )
    parts = (
        "startEvent s", "userTask a", "userTask b", "userTask c", "endEvent e", "endEvent f",
        "s > a", "a > b", "b > e", "t > c", "c > f",
    )  # fmt: skip
    ends = drawn(*parts, timer.format("true"))
    assert fits(ends, "a", "b") and fits(ends, "c")
    assert not fits(ends, "a", "c") and not fits(ends, "c", "a", "b")
    beside = drawn(*parts, timer.format("false"))
    assert fits(beside, "a", "b") and fits(beside, "c", "a", "b") and fits(beside, "a", "b", "c")
    assert fits(beside, "c", "c", "a", "b") and not fits(beside, "c")


def test_an_end_that_terminates_takes_the_other_steps_away() -> None:
    replay = drawn(
        "startEvent s", "parallelGateway p", "userTask a", "userTask b", "endEvent e",
        '<bpmn:endEvent id="x"><bpmn:terminateEventDefinition id="xd"/></bpmn:endEvent>',
        "s > p", "p > a", "p > b", "a > x", "b > e",
    )  # fmt: skip
    assert fits(replay, "a") and fits(replay, "b", "a")
    assert not fits(replay, "b") and not fits(replay, "a", "b")


def test_a_step_for_each_of_many_is_done_any_number_of_times() -> None:
    many = (
        '<bpmn:subProcess id="u"><bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>'
        '<zeebe:loopCharacteristics inputCollection="=insurers" inputElement="i"/>'
        "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
        '<bpmn:startEvent id="us"/><bpmn:userTask id="q"/><bpmn:userTask id="r"/>'
        '<bpmn:endEvent id="ue"/><bpmn:sequenceFlow id="u1" sourceRef="us" targetRef="q"/>'
        '<bpmn:sequenceFlow id="u2" sourceRef="q" targetRef="r"/>'
        '<bpmn:sequenceFlow id="u3" sourceRef="r" targetRef="ue"/></bpmn:subProcess>'
    )
    replay = drawn("startEvent s", many, "userTask a", "endEvent e", "s > u", "u > a", "a > e")
    assert fits(replay, "a") and fits(replay, *"qra") and fits(replay, *"qqrra")
    assert fits(replay, *"qrqra") and not fits(replay, *"qqra") and not fits(replay, *"rqa")
