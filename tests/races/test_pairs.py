"""Every pair of commands on one task, in both orders, at several moments of the first."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest

from broker_crm.process.models import InstanceStatus, ProcessInstance
from tests.process.conftest import Office, office  # noqa: F401
from tests.process.office import MONDAY, publish
from tests.races.interleaving import Answer, Interleaving
from tests.races.scene import CROSSROADS, EARLIER, ENDING, SHARED, Scene

ALL_MOMENTS = os.environ.get("RACES") == "all"
"""Otherwise a middle and the last moment of each command."""
NAMES = sorted(Scene.commands(Scene.__new__(Scene)))
COLLEAGUE = "complete by a colleague"


@pytest.fixture
def crossroads(office: Office) -> Iterator[Office]:  # noqa: F811
    publish(office.factory, office.folder, SHARED, crossroads=EARLIER)
    publish(office.factory, office.folder, SHARED, crossroads=CROSSROADS)
    yield office


def scene(office: Office, number: int) -> Scene:  # noqa: F811
    office.clock.set(MONDAY + timedelta(days=40 * number))
    made = Scene(office.factory, number)
    made.set(office.clock)
    return made


@pytest.mark.parametrize("first", NAMES)
def test_of_two_commands_at_once_each_has_its_effect_once_or_a_clear_answer(
    crossroads: Office, first: str
) -> None:
    interleaving = Interleaving(crossroads.engine)
    number = 0
    steps = interleaving.steps(scene(crossroads, number).commands()[first])
    moments = range(steps) if ALL_MOMENTS else sorted({steps // 2, steps - 1})
    for second in NAMES:
        for at in moments:
            number += 1
            met = scene(crossroads, number)
            commands = met.commands()
            answers = interleaving.meet(commands[first], commands[second], at)
            _once(met, dict(zip((first, f"{second}, second"), answers, strict=True)), at)
    interleaving.close()


def _once(met: Scene, answers: dict[str, Answer], at: int) -> None:
    story = f"{answers} at step {at}"
    took = [name.removesuffix(", second") for name, each in answers.items() if each.took_effect]
    completions = [name for name in took if name.startswith("complete")]
    assert met.events("task-completed", "call") == len(completions) <= 1, story
    assert met.events("timer-fired", "deadline") == took.count("deadline") <= 1, story
    assert met.events("timer-fired", "callReminder") == took.count("reminder"), story
    assert met.events("instance-migrated", None) == ("migrate" in took), story
    assert met.events("task-paused", "call") == took.count("pause") <= 1, story
    assert met.events("token-moved", "meet") == took.count("move") <= 1, story
    enders = [name for name in took if name in ENDING or name == COLLEAGUE]
    went_on = completions or "move" in enders
    finished = "cancel" in enders and len(enders) == 2 and went_on
    assert len(enders) <= 1 or finished, story
    if all(name.removesuffix(", second") in ENDING for name in answers):
        assert enders, story
    assert (met.task().status == "completed") == bool(completions), story
    with met.factory() as session:
        instance = session.get_one(ProcessInstance, met.instance_id)
        cancelled = instance.status == InstanceStatus.CANCELLED
        assert cancelled == ("cancel" in took), story
