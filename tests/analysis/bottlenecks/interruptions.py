"""Random histories with pauses, absences, steps at once, and steps that were taken away."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.people.models import Absence
from broker_crm.process.models import ProcessInstance, TaskPause, UserTask

from ..story import Story

REASONS = ("waiting-for-client", "waiting-for-insurer", "client-absent", "other")


class Interrupted:
    """A story whose people were away, whose steps were paused, overlapped or taken away.

    Args:
        session: the test commits.
        seed: equal seeds tell equal stories.
        cases: how many.
    """

    def __init__(self, session: Session, seed: int, cases: int = 60) -> None:
        self.session = session
        story = Story(session, seed, cases)
        self.chance = random.Random(1000 + seed)
        self.people = story.people
        started = {}
        for case in session.scalars(select(ProcessInstance)):
            case.started_at = started[case.id] = case.started_at.replace(microsecond=0)
            case.ended_at = case.ended_at and case.ended_at.replace(microsecond=0)
        for task in session.scalars(select(UserTask).order_by(UserTask.created_at)):
            self._disturb(task, started[task.instance_id])
        self._go_away()
        session.flush()

    def _disturb(self, task: UserTask, started: Any) -> None:
        chance = self.chance
        task.created_at = task.created_at.replace(microsecond=0)
        task.started_at = task.started_at and task.started_at.replace(microsecond=0)
        task.completed_at = task.completed_at and task.completed_at.replace(microsecond=0)
        if chance.random() < 0.2:
            earlier = task.created_at - timedelta(hours=chance.randrange(1, 60))
            task.created_at = max(earlier, started)
        if chance.random() < 0.1:
            task.actual_minutes = chance.choice((240.0, 2000.0))
        if chance.random() < 0.1:
            task.actual_minutes = task.standard_minutes = None
        if task.completed_at is not None and chance.random() < 0.08:
            task.status, task.completed_by, task.assignee = "cancelled", None, None
            task.outcome = None
        if chance.random() < 0.25:
            self._pause(task)
        if task.completed_at is None and chance.random() < 0.5:
            task.assignee = None

    def _pause(self, task: UserTask) -> None:
        chance = self.chance
        ends = task.completed_at or clock.now()
        since = task.created_at
        for _each in range(chance.randrange(1, 3)):
            since = (since + (ends - since) * chance.random()).replace(microsecond=0)
            until = (since + (ends - since) * chance.random()).replace(microsecond=0)
            still = task.completed_at is None and chance.random() < 0.3
            self.session.add(
                TaskPause(
                    id=UUID(int=chance.getrandbits(128), version=4),
                    task_id=task.id,
                    instance_id=task.instance_id,
                    reason=chance.choice(REASONS),
                    from_at=since,
                    until_at=None if still else until,
                    paused_by=self.people[0],
                )
            )
            if still:
                return
            since = until

    def _go_away(self) -> None:
        today = clock.now().date()
        for login in self.people:
            for _each in range(4):
                first = today - timedelta(days=self.chance.randrange(0, 320))
                last = first + timedelta(days=self.chance.randrange(0, 12))
                self.session.add(Absence(login=login, first_day=first, last_day=last))
