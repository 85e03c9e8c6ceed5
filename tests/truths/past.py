"""A past of two years in which a few things are true, and everything else is chance.

What is planted comes in even shares, so that the figure to be found is the planted one; who, what
and when it falls on is drawn. All days are counted back from the fixed Monday of the tests.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Client, Product
from broker_crm.people.models import Role, User, UserRole
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import ProcessEvent, ProcessInstance, UserTask

GOLDEN = 0.618033988749895
CASES = cast(Table, ProcessInstance.__table__)
TASKS = cast(Table, UserTask.__table__)
EVENTS = cast(Table, ProcessEvent.__table__)


class Unfinished(Exception):
    """The present came before the step was done."""


class Past:
    """Rows of cases and steps, written at the end all at once.

    Args:
        session: for reading, and to write with.
        now: the present.
        seed: of what is chance.
    """

    def __init__(self, session: Session, now: datetime, seed: int = 1) -> None:
        self.session = session
        self.now = now
        self.chance = random.Random(seed)
        self.calendar = company_calendar(session)
        users = list(session.scalars(select(User).order_by(User.login)).unique())
        self.team = {each.login: each.team_key for each in users}
        selling = select(UserRole.login).where(UserRole.role == Role.SALESPERSON)
        self.sellers = sorted(session.scalars(selling))
        self.products = {each.key: each for each in session.scalars(select(Product))}
        self.clients = list(session.scalars(select(Client.id).order_by(Client.id)))
        self.cases: list[dict[str, Any]] = []
        self.tasks: list[dict[str, Any]] = []
        self._drawn: Counter[object] = Counter()

    def happens(self, share: float, *among: object) -> bool:
        """Is it so this time? Of any row of times among the same, the share is met."""
        self._drawn[among] += 1
        return (0.5 + self._drawn[among] * GOLDEN) % 1 < share

    def new_id(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128), version=4)

    def working_morning(self, days_ago: float) -> datetime:
        """Between nine and eleven on the working day that is nearest to so many days ago."""
        near = self.calendar.local_day(self.now - timedelta(days=days_ago))
        noon = self.calendar.due_at(
            datetime(near.year, near.month, near.day, 6, tzinfo=self.now.tzinfo), 0
        )
        at = noon - timedelta(hours=self.chance.uniform(6, 8))
        return at if at < self.now else at - timedelta(days=7)

    def write(self) -> None:
        """Write everything; the caller commits."""
        connection = self.session.connection()
        connection.execute(CASES.insert(), self.cases)
        connection.execute(TASKS.insert(), self.tasks)
        connection.execute(
            EVENTS.insert(),
            [
                {
                    "instance_id": each["id"],
                    "version_id": each["version_id"],
                    "kind": "instance-started",
                    "at": each["started_at"],
                }
                for each in self.cases
            ],
        )


class Case:
    """One case as it goes on, step after step.

    Args:
        past: that it is part of.
        began: when.
        elements: step to element of the diagram.
        facts: columns of the case.
    """

    def __init__(self, past: Past, began: datetime, elements: dict[str, str], **facts: Any) -> None:
        self.past = past
        self.at = began
        self.elements = elements
        self.loops: Counter[str] = Counter()
        self.row: dict[str, Any] = {
            "id": past.new_id(),
            "title": "Byla",
            "client_id": past.chance.choice(past.clients[1::2]),
            "status": "active",
            "outcome": None,
            "reason": None,
            "started_at": began,
            "ended_at": None,
            "vip": False,
            "region": "",
            "complexity": "B",
            "state": b"x",
            **facts,
            "first_version_id": facts["version_id"],
        }
        past.cases.append(self.row)

    def step(
        self,
        step: str,
        days: float,
        outcome: str | None = None,
        *,
        by: str | None = None,
        late: int = 0,
    ) -> None:
        """Have a step done: some time before its due day ends, or so many working days later.

        Raises:
            Unfinished: it would be done after the present; it stays open.
        """
        past, calendar = self.past, self.past.calendar
        due = calendar.due_at(self.at, days)
        if late:
            done = calendar.shift(due - timedelta(hours=2), late)
        else:
            early = past.chance.randint(0, max(0, int(days) - 1))
            done = calendar.shift(self.at, early) + timedelta(minutes=past.chance.randint(5, 50))
        over = done <= past.now
        person = by or self.row["owner"]
        self.row_of(
            step,
            days,
            status="completed" if over else "open",
            assignee=person,
            completed_by=person if over else None,
            started_at=self.at if over else None,
            completed_at=done if over else None,
            outcome=outcome if over else None,
            actual_minutes=20 if over else None,
        )
        if not over:
            raise Unfinished
        self.at = done

    def row_of(self, step: str, days: float, **facts: Any) -> None:
        """Add a step that becomes ready now, as it was left."""
        self.loops[step] += 1
        self.past.tasks.append(
            {
                "id": self.past.new_id(),
                "instance_id": self.row["id"],
                "version_id": self.row["version_id"],
                "client_id": self.row["client_id"],
                "element_id": self.elements[step],
                "step": step,
                "name": step,
                "assignee": self.row["owner"],
                "status": "open",
                "created_at": self.at,
                "started_at": None,
                "due_at": self.past.calendar.due_at(self.at, days),
                "completed_at": None,
                "completed_by": None,
                "outcome": None,
                "loop_number": self.loops[step],
                "standard_working_days": days,
                "standard_minutes": 20,
                "standard_cost": 10,
                "actual_minutes": None,
                **facts,
            }
        )

    def end(self, outcome: str, reason: str | None = None) -> None:
        """Close the case."""
        self.row.update(status="completed", outcome=outcome, reason=reason, ended_at=self.at)
