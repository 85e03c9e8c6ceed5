"""Cases with their steps and what became of each, read some cases at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.analysis.eventlogs import moments
from broker_crm.analysis.eventlogs.choosing import Chosen, cases_of
from broker_crm.analysis.eventlogs.moments import Moment
from broker_crm.analysis.reading import segment
from broker_crm.calendar import WorkingCalendar
from broker_crm.definitions.models import ProcessVersion, ResourceKind
from broker_crm.definitions.published import resources
from broker_crm.people.models import User
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import ProcessInstance, TaskStatus, UserTask

CHUNK = 400
"""Cases read at a time."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step that a person does or did; times are aware, UTC."""

    id: UUID
    element: str
    step: str
    name: str
    group: str | None
    """Role to which it is offered."""
    person: str | None
    team: str | None
    status: str
    created_at: datetime
    started_at: datetime | None
    due_at: datetime | None
    done_at: datetime | None
    outcome: str | None
    reason: str | None
    loop: int
    std_days: float | None
    std_minutes: float | None
    std_cost: float | None
    minutes: float | None
    late_days: int | None
    """Working days after the due day; None without one, or while it is open."""
    wait_seconds: int | None
    """Office seconds until it was first opened."""
    work_seconds: int | None
    """Office seconds from then to its completion."""
    life: Sequence[Moment]

    @property
    def cost(self) -> float | None:
        """EUR, at the hour's price that its standard implies."""
        if self.minutes is None or self.std_cost is None or not self.std_minutes:
            return None
        return self.minutes * self.std_cost / self.std_minutes


@dataclass(slots=True)
class Story:
    """A case; instants are aware, UTC."""

    id: UUID
    process: str
    version: int
    product: str | None
    client_id: int | None
    client_name: str | None
    client_kind: str | None
    sector: str | None
    size: str | None
    vip: bool
    region: str | None
    complexity: str | None
    owner: str | None
    status: str
    outcome: str | None
    reason: str | None
    started_at: datetime
    ended_at: datetime | None
    steps: list[Step] = field(default_factory=list)


def stories(session: Session, chosen: Chosen, *, named: bool) -> Iterator[Sequence[Story]]:
    """Cases in the order of their ids, some at a time, each with its steps as they began.

    Reasons that no form offers are people's own words, and left out.

    Args:
        session: reads only.
        chosen: which cases.
        named: whether clients' names are read.
    """
    calendar, reasons = company_calendar(session), closed_reasons(session)
    teams = dict(session.execute(select(User.login, User.team_key)).all())
    after: UUID | None = None
    while True:
        statement = cases_of(chosen, calendar, named=named)
        if after is not None:
            statement = statement.where(ProcessInstance.id > after)
        rows = session.execute(statement.order_by(ProcessInstance.id).limit(CHUNK)).all()
        if not rows:
            return
        after = rows[-1][0]
        lot = [_story(row, reasons) for row in rows]
        _add_steps(session, {each.id: each for each in lot}, calendar, teams, reasons)
        yield lot


def _story(row: Any, reasons: frozenset[str]) -> Story:
    kind, sector, size = segment(row[6])
    return Story(
        id=row[0],
        process=row[1],
        version=row[2],
        product=row[3],
        client_id=row[4],
        client_name=row[5],
        client_kind=kind,
        sector=sector,
        size=size,
        vip=row[7],
        region=row[8] or None,
        complexity=row[9] or None,
        owner=row[10],
        status=row[11],
        outcome=row[12],
        reason=row[13] if row[13] in reasons else None,
        started_at=row[14],
        ended_at=row[15],
    )


def _add_steps(
    session: Session,
    lot: Mapping[UUID, Story],
    calendar: WorkingCalendar,
    teams: Mapping[str, str | None],
    reasons: frozenset[str],
) -> None:
    ids = list(lot)
    moved, paused = moments.moves(session, ids), moments.pauses(session, ids)
    tasks = session.execute(
        select(*_TASK)
        .where(UserTask.instance_id.in_(ids))
        .order_by(UserTask.created_at, UserTask.id)
    )
    for task in tasks:
        done = task.completed_at
        person = task.completed_by or task.assignee
        completed = task.status == TaskStatus.COMPLETED
        late = None
        if task.due_at is not None and done is not None and completed:
            due, end = calendar.local_day(task.due_at), calendar.local_day(done)
            late = max(0, calendar.working_days_between(due, end))
        wait = work = None
        if task.started_at is not None:
            wait = calendar.working_seconds(task.created_at, task.started_at)
            if done is not None:
                work = calendar.working_seconds(task.started_at, done)
        lot[task.instance_id].steps.append(
            Step(
                task.id,
                task.element_id,
                task.step,
                task.name,
                task.candidate_group,
                person,
                teams.get(person) if person else None,
                task.status,
                task.created_at,
                task.started_at,
                task.due_at,
                done,
                task.outcome,
                task.reason if task.reason in reasons else None,
                task.loop_number,
                task.standard_working_days,
                task.standard_minutes,
                task.standard_cost,
                task.actual_minutes,
                late,
                wait,
                work,
                moments.moments(task, moved.get(task.id, ()), paused.get(task.id, ())),
            )
        )


_TASK = (
    UserTask.id,
    UserTask.instance_id,
    UserTask.element_id,
    UserTask.step,
    UserTask.name,
    UserTask.candidate_group,
    UserTask.assignee,
    UserTask.completed_by,
    UserTask.status,
    UserTask.created_at,
    UserTask.started_at,
    UserTask.due_at,
    UserTask.completed_at,
    UserTask.outcome,
    UserTask.reason,
    UserTask.loop_number,
    UserTask.standard_working_days,
    UserTask.standard_minutes,
    UserTask.standard_cost,
    UserTask.actual_minutes,
)


def closed_reasons(session: Session) -> frozenset[str]:
    """Codes that the forms of all versions offer where they ask for a reason."""
    found: set[str] = set()
    for version_id in session.scalars(select(ProcessVersion.id)):
        for content in resources(session, version_id, ResourceKind.FORM).values():
            found.update(_offered(json.loads(content)))
    return frozenset(found)


def _offered(part: Mapping[str, Any]) -> Iterator[str]:
    for component in part.get("components", []):
        if str(component.get("key", "")).lower().endswith("reason"):
            yield from (str(choice.get("value")) for choice in component.get("values", []))
        yield from _offered(component)
