"""Cases that go round and round, and wide ones: bounded state, and always the right steps open."""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from broker_crm import clock
from broker_crm.engine import commands as engine
from tests.engine.diagrams import around, compiled, flows, properties, user_task
from tests.engine.structured import Writer
from tests.engine.token_game import TokenGame

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
STANDARD = properties(standardWorkingDays="1", outcomes="again,on", step="round")
ROUND = user_task("round", extensions=STANDARD)
OTHER = user_task("other", extensions=properties(standardWorkingDays="1"))
REMINDED = (
    '<bpmn:boundaryEvent id="soon" attachedToRef="round" cancelActivity="false">'
    "<bpmn:timerEventDefinition><bpmn:timeCycle>=[before due(1), at due(), after due(1)]"
    '</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:boundaryEvent><bpmn:endEvent id="told" />'
    + flows("soon>told")
)
ASK = '<bpmn:exclusiveGateway id="ask" default="ask-on" /><bpmn:exclusiveGateway id="on" />'
AGAIN = flows("round>ask", 'ask>round: =outcome = "again"', "ask>on")
BEGIN, END = '<bpmn:startEvent id="begin" />', '<bpmn:endEvent id="end" />'
PLAIN = BEGIN + ROUND + REMINDED + ASK + AGAIN + END + flows("begin>round", "on>end")
BESIDE = (
    BEGIN
    + '<bpmn:parallelGateway id="fork" /><bpmn:parallelGateway id="join" />'
    + ROUND
    + OTHER
    + REMINDED
    + ASK
    + AGAIN
    + END
    + flows("begin>fork", "fork>round", "fork>other", "on>join", "other>join", "join>end")
)
WITHIN = (
    '<bpmn:startEvent id="outer" /><bpmn:subProcess id="sub">'
    + PLAIN
    + '</bpmn:subProcess><bpmn:endEvent id="over" />'
    + flows("outer>sub", "sub>over")
)
AROUND = (
    '<bpmn:startEvent id="outer" /><bpmn:subProcess id="sub">'
    + BEGIN
    + ROUND
    + REMINDED
    + END
    + flows("begin>round", "round>end")
    + '</bpmn:subProcess><bpmn:endEvent id="over" />'
    + '<bpmn:exclusiveGateway id="ask" default="ask-over" />'
    + flows("outer>sub", "sub>ask", 'ask>sub: =outcome = "again"', "ask>over")
)
FORKED = (
    BEGIN
    + '<bpmn:exclusiveGateway id="merge" /><bpmn:parallelGateway id="fork" />'
    + '<bpmn:parallelGateway id="join" />'
    + ROUND
    + OTHER
    + REMINDED
    + '<bpmn:exclusiveGateway id="ask" default="ask-end" />'
    + END
    + flows("begin>merge", "merge>fork", "fork>round", "fork>other", "round>join", "other>join")
    + flows("join>ask", 'ask>merge: =outcome = "again"', "ask>end")
)
LOOPS = {
    "a loop": PLAIN,
    "a loop beside a step that waits": BESIDE,
    "a loop within a subprocess": WITHIN,
    "a loop around a subprocess": AROUND,
    "a loop around a fork": FORKED,
}


class Case:
    """One instance by hand; `prune` may be replaced."""

    def __init__(self, body: str) -> None:
        self.process = compiled(body)
        self.open: dict[UUID, tuple[str, int]] = {}
        self.finished = False
        self._take(*engine.start(self.process, {"outcome": "on"}, around()))

    def complete(self, element: str, outcome: str, loop: int | None = None) -> None:
        (task,) = [
            task
            for task, (name, number) in self.open.items()
            if name == element and loop in (None, number)
        ][:1]
        del self.open[task]
        values = {"outcome": outcome}
        self._take(*engine.complete(self.process, self.state, task, values, around()))

    def move(self, body: str) -> None:
        """Go on in another version of the process."""
        new = compiled(body)
        self._take(*engine.migrate(self.process, new, self.state, around()))
        self.process = new

    def fire_due(self) -> list[str]:
        fired = []
        snapshot = engine.inspect(self.process, self.state, around())
        due = {
            timer.id: timer.element_id
            for timer in snapshot.timers.values()
            if timer.due_at <= clock.now()
        }
        for timer_id, element in sorted(due.items(), key=lambda each: each[1]):
            fired.append(element)
            self._take(*engine.fire_timer(self.process, self.state, timer_id, around()))
        return fired

    def _take(self, state: bytes, transition: object) -> None:
        self.state = state
        for task in transition.created:  # type: ignore[attr-defined]
            self.open[task.id] = (task.element_id, task.loop_number)
        for gone in transition.cancelled:  # type: ignore[attr-defined]
            self.open.pop(gone, None)
        self.finished = transition.finished  # type: ignore[attr-defined]


@pytest.fixture
def monday():
    simulated = clock.SimulatedClock(MONDAY)
    with clock.use(simulated):
        yield simulated


@pytest.mark.parametrize("kind", LOOPS)
def test_two_hundred_rounds_take_no_more_room_than_twenty(monday, kind):
    case = Case(LOOPS[kind])
    sizes = {}
    for number in range(1, 201):
        monday.advance(timedelta(days=2))
        case.fire_due()
        case.complete("round", "again")
        if kind == "a loop around a fork":
            case.complete("other", "again")
        sizes[number] = len(case.state)
    assert sizes[200] <= sizes[20] + 40
    names = [name for name, _loop in case.open.values()]
    assert names.count("round") == 1
    assert max(loop for _name, loop in case.open.values()) == 201
    case.complete("round", "on")
    if "other" in names:
        case.complete("other", "on")
    assert case.finished


def test_a_hundred_parallel_steps_begin_and_end_one_by_one(monday):
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="=numbers" inputElement="number" />'
        "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
    )
    wide = user_task("each", extensions=properties(standardWorkingDays="1"), inside=loop)
    process = compiled(BEGIN + wide + END + flows("begin>each", "each>end"))
    numbers = {"numbers": list(range(100))}
    state, transition = engine.start(process, numbers, around())
    waiting = [task.id for task in transition.created]
    assert len(waiting) == 100
    largest = len(state)
    for task in waiting:
        assert not transition.finished
        state, transition = engine.complete(process, state, task, {}, around())
        assert len(state) <= largest + 2_000
    assert transition.finished


@pytest.mark.parametrize("seed", range(int(os.environ.get("RANDOM_PROCESSES", "60"))))
def test_a_random_process_goes_as_the_token_game_says(monday, seed):
    chance = random.Random(seed)
    body = Writer(chance).process(3)
    case, game = Case(body), TokenGame(body, MONDAY)
    story = []
    for _ in range(50):
        waiting = game.standing()
        assert sorted(case.open.values()) == waiting, story
        assert case.finished == game.finished, story
        if game.finished:
            return
        if chance.random() < 0.2:
            monday.advance(timedelta(minutes=70))
            story.append("time passes")
            game.pass_time(monday.now())
            case.fire_due()
            continue
        if chance.random() < 0.2:
            story.append("moves to another version")
            case.move(body)
            assert sorted(case.open.values()) == waiting, story
        element, loop = chance.choice(waiting)
        outcome = "again" if chance.random() < 0.5 else "on"
        story.append(f"{element} {loop} {outcome}")
        game.complete(element, loop, outcome)
        case.complete(element, outcome, loop)
