"""One open task with everything that can happen to it, and the commands that may meet there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, process
from broker_crm.definitions.published import latest_version
from broker_crm.process import Command, run_command, steering
from broker_crm.process.models import PendingMessage, ProcessEvent, Timer, UserTask
from tests.engine.diagrams import flows
from tests.process.office import step

SHARED = (
    '<bpmn:message id="gone" name="client-gone"><bpmn:extensionElements>'
    '<zeebe:subscription correlationKey="=number" /></bpmn:extensionElements></bpmn:message>'
    '<bpmn:signal id="news" name="news" />'
)
BOUNDARY = (
    '<bpmn:boundaryEvent id="deadline" attachedToRef="call"><bpmn:timerEventDefinition>'
    "<bpmn:timeDate>=after due(5)</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    '<bpmn:boundaryEvent id="withdrawn" attachedToRef="call">'
    '<bpmn:messageEventDefinition messageRef="gone" /></bpmn:boundaryEvent>'
    '<bpmn:boundaryEvent id="heard" attachedToRef="call" cancelActivity="false">'
    '<bpmn:signalEventDefinition signalRef="news" /></bpmn:boundaryEvent>'
)
CROSSROADS = (
    '<bpmn:startEvent id="begin" />'
    + step("call")
    + BOUNDARY
    + step("meet")
    + '<bpmn:endEvent id="late" /><bpmn:endEvent id="lost" /><bpmn:endEvent id="noted" />'
    '<bpmn:endEvent id="done" />'
    + flows("begin>call", "call>meet", "meet>done", "deadline>late", "withdrawn>lost")
    + flows("heard>noted", "callReminder>callReminded", "callLate>callEscalated")
    + flows("meetReminder>meetReminded", "meetLate>meetEscalated")
)
EARLIER = CROSSROADS.replace('name="call"', 'name="Ring up"')
"""The version before, to which a running case can be moved."""
ENDING = frozenset({"complete", "complete in another tab", "cancel", "deadline", "message", "move"})
"""Commands after which the task is open no more: of two, one succeeds."""


@dataclass
class Scene:
    """A fresh case whose reminder, deadline, message and signal are all due.

    Attributes:
        instance_id: the case.
        task_id: its open task.
        number: by which the message finds it.
    """

    factory: sessionmaker[Session]
    number: int
    instance_id: UUID = field(init=False)
    task_id: UUID = field(init=False)
    timers: dict[str, UUID] = field(init=False)
    signal_id: UUID = field(init=False)

    def set(self, started: clock.SimulatedClock) -> None:
        with self.factory.begin() as session:
            variables = {"number": self.number, "staff": 5}
            made = process.start(session, "crossroads", variables, by="jonas")
            self.instance_id, self.task_id = made.instance.id, made.tasks[0].id
        started.advance(timedelta(days=30))
        with self.factory.begin() as session:
            mine = select(Timer).where(Timer.instance_id == self.instance_id)
            self.timers = {timer.element_id: timer.id for timer in session.scalars(mine)}
            process.broadcast(session, "news", {"rate": 3})
            signal = select(PendingMessage.id).where(PendingMessage.instance_id == self.instance_id)
            self.signal_id = session.scalars(signal).one()

    def commands(self) -> dict[str, Callable[[], object]]:
        """All that may happen at the same moment, by name.

        A new kind of command joins the matrix with one line here; one that ends the task is named
        in ENDING too.
        """
        return {
            "complete": self._complete,
            "complete in another tab": self._complete,
            "complete by a colleague": lambda: self._complete("ruta"),
            "claim": lambda: self._in_transaction(process.claim, "jonas"),
            "claim by a colleague": lambda: self._in_transaction(process.claim, "ruta"),
            "release": lambda: self._in_transaction(process.release, "jonas"),
            "draft": self._draft,
            "hand over": self._hand_over,
            "cancel": self._cancel,
            "reminder": lambda: self._fire("callReminder"),
            "deadline": lambda: self._fire("deadline"),
            "message": self._message,
            "signal": self._signal,
            "migrate": self._migrate,
            "due date": self._change_due,
            "pause": self._pause,
            "correct": self._correct,
            "move": self._move,
        }

    def _complete(self, by: str = "jonas") -> object:
        def work(session: Session) -> object:
            return process.complete(session, self.task_id, {"outcome": "yes"}, by=by)

        return run_command(self.factory, work, Command("complete", None, self.task_id, by))

    def _in_transaction(self, act: Callable[..., object], by: str) -> object:
        with self.factory.begin() as session:
            act(session, self.task_id, by=by)
        return True

    def _draft(self) -> object:
        with self.factory.begin() as session:
            process.save_draft(session, self.task_id, {"outcome": "no"}, by="jonas")
        return True

    def _hand_over(self) -> object:
        with self.factory.begin() as session:
            process.reassign(session, self.task_id, "ruta", by="manager")
        return True

    def _cancel(self) -> object:
        with self.factory.begin() as session:
            process.cancel(session, self.instance_id, "mistake", by="manager")
        return True

    def _change_due(self) -> object:
        with self.factory.begin() as session:
            due = clock.now() + timedelta(days=9)
            return steering.change_due(session, self.task_id, due, "later", by="manager")

    def _pause(self) -> object:
        with self.factory.begin() as session:
            return steering.pause(session, self.task_id, "client-absent", by="manager")

    def _correct(self) -> object:
        with self.factory.begin() as session:
            reason = "a slip of the pen"
            return steering.correct_variable(
                session, self.instance_id, "staff", 6, reason, by="manager"
            )

    def _move(self) -> object:
        with self.factory.begin() as session:
            reason = "they have talked"
            return steering.move_case(
                session, self.instance_id, self.task_id, "meet", reason, by="manager"
            )

    def _fire(self, element_id: str) -> object:
        def work(session: Session) -> object:
            return process.fire_timer(session, self.timers[element_id])

        return run_command(self.factory, work, Command("fire-timer", self.instance_id))

    def _message(self) -> object:
        def work(session: Session) -> int | None:
            key = str(self.number)
            return process.send_message(session, "client-gone", key, {}, by=None) or None

        return run_command(self.factory, work, Command("send-message", self.instance_id))

    def _signal(self) -> object:
        def work(session: Session) -> int | None:
            return process.messages.deliver_one(session, self.signal_id) or None

        return run_command(self.factory, work, Command("deliver", self.instance_id))

    def _migrate(self) -> object:
        def work(session: Session) -> object:
            earlier = latest_version(session, "crossroads").id - 1
            return process.migrate(session, self.instance_id, earlier, by="manager")

        return run_command(self.factory, work, Command("migrate", self.instance_id))

    def events(self, kind: str, element_id: str | None) -> int:
        with self.factory() as session:
            return len(
                session.scalars(
                    select(ProcessEvent.id).where(
                        ProcessEvent.instance_id == self.instance_id,
                        ProcessEvent.kind == kind,
                        ProcessEvent.element_id == element_id,
                    )
                ).all()
            )

    def task(self) -> UserTask:
        with self.factory() as session:
            return session.get_one(UserTask, self.task_id)
