"""A running instance goes on in another version: what is open stays open, or it is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from broker_crm import clock
from broker_crm.engine import commands
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.migrating import MigrationRefused
from broker_crm.engine.transition import Transition

from .diagrams import around, compiled, flows, properties, user_task

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
START = '<bpmn:startEvent id="s" />'
END = '<bpmn:endEvent id="e" />'
STANDARD = properties(standardWorkingDays="3")


def late(name: str, host: str, when: str = "=after due(1)", interrupting: str = "false") -> str:
    return (
        f'<bpmn:boundaryEvent id="{name}" attachedToRef="{host}" cancelActivity="{interrupting}">'
        f"<bpmn:timerEventDefinition><bpmn:timeDate>{when}</bpmn:timeDate>"
        f'</bpmn:timerEventDefinition></bpmn:boundaryEvent><bpmn:endEvent id="{name}End" />'
        + flows(f"{name}>{name}End")
    )


def chain(*names: str, extra: str = "") -> str:
    """User tasks one after the other."""
    ends = zip(("s", *names), (*names, "e"), strict=True)
    drawn = "".join(user_task(name, extensions=STANDARD) for name in names)
    return START + drawn + END + extra + flows(*(f"{one}>{other}" for one, other in ends))


class Case:
    """A running instance and what it waits for."""

    def __init__(self, body: str) -> None:
        self.process: CompiledProcess = compiled(body)
        self.tasks: dict[UUID, str] = {}
        self.timers: dict[UUID, str] = {}
        self._take(commands.start(self.process, {}, around()))

    def _take(self, result: tuple[bytes, Transition]) -> None:
        self.state, self.last = result
        for gone in (*(task.id for task in self.last.completed), *self.last.cancelled):
            del self.tasks[gone]
        for timer in self.last.timers_gone:
            del self.timers[timer]
        self.tasks.update({task.id: task.element_id for task in self.last.created})
        self.timers.update({timer.id: timer.element_id for timer in self.last.timers})

    def do(self, element: str) -> list[str]:
        task = next(task for task, each in self.tasks.items() if each == element)
        self._take(commands.complete(self.process, self.state, task, {}, around()))
        return sorted(self.tasks.values())

    def fire(self, element: str) -> None:
        timer = next(timer for timer, each in self.timers.items() if each == element)
        self._take(commands.fire_timer(self.process, self.state, timer, around()))

    def move(self, body: str) -> None:
        new = compiled(body)
        self._take(commands.migrate(self.process, new, self.state, around()))
        self.process = new


@pytest.fixture
def monday():
    with clock.use(clock.SimulatedClock(MONDAY)) as simulated:
        yield simulated


def reasons(case: Case, body: str) -> list[tuple[str, str]]:
    state = case.state
    with pytest.raises(MigrationRefused) as refused:
        case.move(body)
    assert case.state == state
    return [(each.element_id, each.reason) for each in refused.value.obstacles]


def test_an_open_task_stays_open_and_goes_on_by_the_new_version(monday):
    case = Case(chain("a", "b"))
    open_before = dict(case.tasks)
    case.move(chain("a", "x", "b"))
    assert case.tasks == open_before
    assert [event.kind for event in case.last.events] == ["instance-migrated"]
    assert (case.do("a"), case.do("x"), case.do("b")) == (["x"], ["b"], [])
    assert case.last.finished


def test_a_step_that_is_behind_the_instance_may_be_gone(monday):
    case = Case(chain("a", "b"))
    case.do("a")
    case.move(chain("b", "c"))
    assert (case.do("b"), case.do("c")) == (["c"], [])


def test_a_reminder_that_the_new_version_adds_begins_to_wait(monday):
    case = Case(chain("a"))
    case.move(chain("a", extra=late("warn", "a")))
    assert list(case.timers.values()) == ["warn"]
    monday.advance(timedelta(days=10))
    case.fire("warn")
    assert case.tasks and not case.timers
    assert case.do("a") == [] and case.last.finished


def test_an_interrupting_deadline_that_the_new_version_adds_ends_the_task(monday):
    case = Case(chain("a", extra=late("warn", "a")))
    case.move(chain("a", extra=late("warn", "a") + late("stop", "a", "=after due(2)", "true")))
    assert sorted(case.timers.values()) == ["stop", "warn"]
    monday.advance(timedelta(days=10))
    case.fire("stop")
    assert not case.tasks and not case.timers and case.last.finished


def test_a_reminder_that_the_new_version_lacks_waits_no_more(monday):
    case = Case(chain("a", extra=late("warn", "a") + late("warn2", "a")))
    case.move(chain("a", extra=late("warn2", "a")))
    assert list(case.timers.values()) == ["warn2"]
    case.move(chain("a"))
    assert not case.timers
    case.move(chain("a", extra=late("warn", "a")))
    assert case.do("a") == [] and not case.timers and case.last.finished


def test_timers_keep_their_instants_and_ids(monday):
    case = Case(chain("a", extra=late("warn", "a")))
    before = dict(case.timers)
    monday.advance(timedelta(days=1))
    case.move(chain("a", "b", extra=late("warn", "a", "=after due(9)")))
    assert (case.timers, case.last.timers, case.last.timers_gone) == (before, (), ())


def test_a_task_that_the_new_version_lacks_is_named(monday):
    case = Case(chain("a", "b"))
    assert reasons(case, chain("b")) == [("a", "The other version does not have it.")]


def test_an_element_of_another_kind_is_named(monday):
    case = Case(chain("a", "b"))
    inner = '<bpmn:startEvent id="is" /><bpmn:endEvent id="ie" />' + flows("is>ie")
    other = chain("a", "b").replace(
        user_task("a", extensions=STANDARD), f'<bpmn:subProcess id="a">{inner}</bpmn:subProcess>'
    )
    assert reasons(case, other) == [("a", "It is of another kind in the other version.")]


FORK = (
    START
    + '<bpmn:parallelGateway id="fork" /><bpmn:parallelGateway id="join" />'
    + "".join(user_task(name) for name in ("a", "b", "c"))
    + END
)


def test_a_token_that_waits_at_a_join_is_not_lost(monday):
    both = flows("s>fork", "fork>a", "fork>b", "a>join", "b>join", "join>c", "c>e")
    case = Case(FORK + both)
    assert case.do("a") == ["b"]
    case.move(FORK.replace('id="join"', 'id="join" name="Both"') + both)
    assert (case.do("b"), case.do("c")) == (["c"], [])


def test_a_token_that_the_join_of_the_new_version_does_not_expect_is_named(monday):
    case = Case(FORK + flows("s>fork", "fork>a", "fork>b", "a>join", "b>join", "join>c", "c>e"))
    case.do("a")
    longer = FORK + user_task("more")
    longer += flows("s>fork", "fork>a", "fork>b", "a>more", "more>join", "b>join", "join>c", "c>e")
    ((element, reason),) = reasons(case, longer)
    assert element == "join" and "came from a" in reason


def test_a_path_that_a_missing_event_began_is_named(monday):
    path = (
        late("warn", "a").replace('<bpmn:endEvent id="warnEnd" />', user_task("warnEnd"))
        + '<bpmn:endEvent id="told" />'
        + flows("warnEnd>told")
    )
    case = Case(chain("a", extra=path))
    monday.advance(timedelta(days=10))
    case.fire("warn")
    told = reasons(case, chain("a"))
    assert ("warn", "What it began is still open.") in told
    assert ("warnEnd", "The other version does not have it.") in told
    case.move(chain("a", "b", extra=path))
    assert (case.do("warnEnd"), case.do("a"), case.do("b")) == (["a"], ["b"], [])


SUB = START + '<bpmn:subProcess id="sub">{0}</bpmn:subProcess>' + END + flows("s>sub", "sub>e")


def test_an_open_subprocess_goes_on(monday):
    inner = '<bpmn:startEvent id="is" /><bpmn:endEvent id="ie" />' + user_task("a")
    longer = inner + user_task("b") + flows("is>a", "a>b", "b>ie")
    inner += flows("is>a", "a>ie")
    case = Case(SUB.format(inner))
    case.move(SUB.format(longer))
    assert (case.do("a"), case.do("b")) == (["b"], [])
    assert case.last.finished
    again = Case(SUB.format(inner))
    assert {each for each, _ in reasons(again, chain("other"))} == {"sub", "a"}
