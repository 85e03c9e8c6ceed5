"""What a child does until it is killed: people, a manager, a worker; what was answered is told.

Each answer that a person would have seen is written to the pipe after its commit, as one JSON line.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import process, worker
from broker_crm.db import sessions
from broker_crm.people.models import User
from broker_crm.process import Command, run_command
from broker_crm.process.errors import CommandRefused, ProcessStopped
from broker_crm.process.messages import MESSAGE
from broker_crm.process.models import (
    EventSubscription,
    InstanceStatus,
    ProcessInstance,
    TaskStatus,
    UserTask,
)
from broker_crm.settings import Settings
from tests.torture import house
from tests.torture.points import Points

COMPLETE = "complete"
LIVING = 16
"""Cases that are kept under way."""


class Shift:
    """One child's work.

    Args:
        engine: of the database, with no connection open.
        settings: with the mail server.
        chance: the child's own dice.
        points: the fault points.
        pipe: where answers are told.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        chance: random.Random,
        points: Points,
        pipe: int,
    ) -> None:
        self.engine = engine
        self.factory: sessionmaker[Session] = sessions(engine)
        self.settings = settings
        self.chance = chance
        self.points = points
        self.pipe = pipe

    def work(self, actions: int) -> None:
        """Do some things, first where the fatal point lies; then tell which points were reached."""
        first = (self.points.target or "").partition(":")[0].partition(" > ")[0]
        while self._living() < LIVING // 2:
            self._start()
        for _ in range(actions):
            if first == "sweep":
                self._do(self._complete)
            self._do(self._actions().get(first) or self._any())
        self._tell("reached", points=dict(self.points.reached))

    def sweep(self) -> dict[str, int]:
        """One sweep of a worker."""
        with self.points.during("sweep"):
            return worker.sweep(self.factory, self.settings)

    def _actions(self) -> dict[str, Callable[[], object]]:
        return {
            "complete": self._complete,
            "claim": self._take,
            "release": self._give_back,
            "draft": self._draft,
            "start": self._start,
            "cancel": self._cancel,
            "hand over": self._hand_over,
            "migrate": self._migrate,
            "sweep": self.sweep,
            "send message": self._answer,
            "retry incident": self._spoil_or_mend,
        }

    def _any(self) -> Callable[[], object]:
        actions = self._actions()
        return actions[self.chance.choices(list(actions), [8, 2, 2, 2, 3, 1, 2, 2, 4, 2, 2])[0]]

    def _do(self, act: Callable[[], object]) -> None:
        with suppress(CommandRefused, ProcessStopped):
            act()

    def _complete(self) -> None:
        task = self._some_task()
        if task is None:
            return
        by = self.chance.choice(house.PEOPLE)
        outcome = self.chance.choice(("yes", "no"))

        def work(session: Session) -> None:
            process.complete(session, task, {"outcome": outcome}, by=by)

        with self.points.during("complete"):
            command = Command("complete", None, task, by, {"values": {"outcome": outcome}})
            run_command(self.factory, work, command)
        self._tell("completed", task=str(task), by=by, outcome=outcome)

    def _take(self) -> None:
        task = self._some_task()
        if task is not None:
            by = self.chance.choice(house.PEOPLE)
            with self.points.during("claim"), self.factory.begin() as session:
                process.claim(session, task, by=by)

    def _give_back(self) -> None:
        task = self._some_task()
        if task is not None:
            by = self.chance.choice(house.PEOPLE)
            with suppress(CommandRefused), self.factory.begin() as session:
                process.claim(session, task, by=by)
            with self.points.during("release"), self.factory.begin() as session:
                process.release(session, task, by=by)

    def _draft(self) -> None:
        task = self._some_task()
        if task is not None:
            by = self.chance.choice(house.PEOPLE)
            with self.points.during("draft"), self.factory.begin() as session:
                process.save_draft(session, task, {"outcome": "yes"}, by=by)

    def _start(self) -> None:
        if self._living() >= self._most():
            return
        key = f"{self.chance.getrandbits(64):x}"
        tells = self.chance.random() < 0.75

        def work(session: Session) -> UUID:
            return house.start(session, key, tells=tells).instance.id

        with self.points.during("start"):
            command = Command("start", None, None, house.PEOPLE[0], {"key": key})
            instance = run_command(self.factory, work, command)
        self._tell("started", key=key, instance=str(instance))

    def _hand_over(self) -> None:
        task = self._some_task()
        if task is not None:
            to = self.chance.choice(house.PEOPLE)
            with self.points.during("hand over"), self.factory.begin() as session:
                process.reassign(session, task, to, by=house.MANAGER)

    def _migrate(self) -> None:
        instance = self._some_case()
        if instance is None:
            return

        def work(session: Session) -> bool:
            other = house.other_version(session, instance)
            return process.migrate(session, instance, other, by=house.MANAGER) is not None

        with self.points.during("migrate"):
            moved = run_command(self.factory, work, Command("migrate", instance))
        if moved:
            self._tell("migrated", instance=str(instance))

    def _cancel(self) -> None:
        instance = self._some_case()
        if instance is None:
            return
        with self.points.during("cancel"), self.factory.begin() as session:
            process.cancel(session, instance, "kankinimas", by=house.MANAGER)
        self._tell("cancelled", instance=str(instance))

    def _answer(self) -> None:
        with self.factory() as session:
            waiting = select(EventSubscription).where(EventSubscription.kind == MESSAGE)
            found = list(session.scalars(waiting))
        if not found:
            return
        chosen = self.chance.choice(found)
        key = chosen.correlation_key

        def work(session: Session) -> int:
            return process.send_message(session, house.ANSWER, key, {}, by=house.PEOPLE[0])

        with self.points.during("send message"):
            arguments = {"name": house.ANSWER, "correlation_key": key, "payload": {}}
            command = Command("send-message", None, None, house.PEOPLE[0], arguments)
            taken = run_command(self.factory, work, command)
        if taken:
            self._tell("answered", instance=str(chosen.instance_id))

    def _spoil_or_mend(self) -> None:
        """Let letters fail, or see to it that they don't and run again what failed."""
        with self.factory() as session:
            found = [each.id for each in process.open_incidents(session) if each.kind == COMPLETE]
            whole = session.get_one(User, house.PEOPLE[0]).phone is not None
        house.set_phone(self.factory, None if whole and not found else house.PHONE)
        if found:
            chosen = self.chance.choice(found)
            with self.points.during("retry incident"):
                process.retry_incident(self.factory, chosen, by=house.MANAGER)
            self._tell("retried", incident=str(chosen))

    def _living(self) -> int:
        running = ProcessInstance.status == InstanceStatus.ACTIVE
        with self.factory() as session:
            return session.scalar(select(func.count()).where(running)) or 0

    def _most(self) -> int:
        return LIVING if self.points.target is None else 3 * LIVING

    def _some_case(self) -> UUID | None:
        with self.factory() as session:
            active = select(ProcessInstance.id).where(
                ProcessInstance.status == InstanceStatus.ACTIVE
            )
            found = list(session.scalars(active))
        return self.chance.choice(found) if found else None

    def _some_task(self) -> UUID | None:
        with self.factory() as session:
            found = list(
                session.scalars(select(UserTask.id).where(UserTask.status == TaskStatus.OPEN))
            )
        return self.chance.choice(found) if found else None

    def _tell(self, what: str, **facts: object) -> None:
        os.write(self.pipe, json.dumps({"what": what, **facts}).encode() + b"\n")
