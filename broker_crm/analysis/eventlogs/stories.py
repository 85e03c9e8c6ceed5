"""Cases with their steps and what became of each, read some cases at a time."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, null, select
from sqlalchemy.orm import Session

from broker_crm.analysis.reading import segment
from broker_crm.calendar import WorkingCalendar
from broker_crm.crm.models import Client, Product
from broker_crm.definitions.models import ProcessVersion, ResourceKind
from broker_crm.definitions.published import resources
from broker_crm.engine.transition import EventKind
from broker_crm.people.models import User
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import ProcessEvent, ProcessInstance, TaskPause, TaskStatus, UserTask

CHUNK = 400
"""Cases read at a time."""
MOVES = (EventKind.TASK_CLAIMED, EventKind.TASK_RELEASED, EventKind.TASK_REASSIGNED)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which cases a file holds.

    Attributes:
        process: key of the process; None for all.
        start: first day on which a case may have begun, in the office's time zone.
        end: last one.
    """

    process: str | None = None
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to a step.

    Attributes:
        transition: of the standard lifecycle, such as 'schedule' or 'complete'.
        at: aware, UTC.
        person: login; None where nobody is told.
    """

    transition: str
    at: datetime
    person: str | None = None


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
    moments: Sequence[Moment]

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
        statement = _cases(chosen, calendar, named=named)
        if after is not None:
            statement = statement.where(ProcessInstance.id > after)
        rows = session.execute(statement.order_by(ProcessInstance.id).limit(CHUNK)).all()
        if not rows:
            return
        after = rows[-1][0]
        lot = [_story(row, reasons) for row in rows]
        _add_steps(session, {each.id: each for each in lot}, calendar, teams, reasons)
        yield lot


def processes(session: Session) -> list[str]:
    """Keys of all processes that were ever published."""
    keys = select(ProcessVersion.process_key).distinct().order_by(ProcessVersion.process_key)
    return list(session.scalars(keys))


def counts(session: Session, chosen: Chosen) -> tuple[int, int]:
    """How many cases and steps are chosen."""
    cases = _cases(chosen, company_calendar(session), named=False).subquery()
    tasks = (
        select(func.count()).select_from(UserTask).join(cases, cases.c.id == UserTask.instance_id)
    )
    found = session.scalar(select(func.count()).select_from(cases))
    return found or 0, session.scalar(tasks) or 0


def _cases(chosen: Chosen, calendar: WorkingCalendar, *, named: bool) -> Select[Any]:
    columns: list[Any] = [
        ProcessInstance.id,
        ProcessInstance.process_key,
        ProcessVersion.number,
        Product.key.label("product_key"),
        ProcessInstance.client_id,
        (Client.name if named else null()).label("client_name"),
        ProcessInstance.segment,
        ProcessInstance.vip,
        ProcessInstance.region,
        ProcessInstance.complexity,
        ProcessInstance.owner,
        ProcessInstance.status,
        ProcessInstance.outcome,
        ProcessInstance.reason,
        ProcessInstance.started_at,
        ProcessInstance.ended_at,
    ]
    statement = (
        select(*columns)
        .join(ProcessVersion, ProcessVersion.id == ProcessInstance.first_version_id)
        .outerjoin(Product, Product.id == ProcessInstance.product_id)
        .outerjoin(Client, Client.id == ProcessInstance.client_id)
    )
    if chosen.process is not None:
        statement = statement.where(ProcessInstance.process_key == chosen.process)
    if chosen.start is not None:
        statement = statement.where(ProcessInstance.started_at >= _midnight(calendar, chosen.start))
    if chosen.end is not None:
        after = _midnight(calendar, chosen.end + timedelta(days=1))
        statement = statement.where(ProcessInstance.started_at < after)
    return statement


def _midnight(calendar: WorkingCalendar, day: date) -> datetime:
    return datetime.combine(day, time(), calendar.zone)


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
    moves, pauses = _moves(session, ids), _pauses(session, ids)
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
                _moments(task, moves.get(task.id, ()), pauses.get(task.id, ())),
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


def _moves(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Any]]:
    """Claims, releases and hand-overs by step."""
    found: dict[UUID, list[Any]] = defaultdict(list)
    statement = select(
        ProcessEvent.task_id,
        ProcessEvent.kind,
        ProcessEvent.at,
        ProcessEvent.actor,
        ProcessEvent.value,
    ).where(ProcessEvent.instance_id.in_(ids), ProcessEvent.kind.in_(MOVES))
    for row in session.execute(statement.order_by(ProcessEvent.id)):
        found[row.task_id].append(row)
    return found


def _pauses(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    statement = select(
        TaskPause.task_id,
        TaskPause.from_at,
        TaskPause.until_at,
        TaskPause.paused_by,
        TaskPause.resumed_by,
    ).where(TaskPause.instance_id.in_(ids))
    for row in session.execute(statement.order_by(TaskPause.from_at)):
        found[row.task_id].append(row)
    return found


def _moments(task: Any, moves: Sequence[Any], pauses: Sequence[Any]) -> Sequence[Moment]:
    """What happened to a step, in order; a step that is over is not suspended any more."""
    found = [Moment("schedule", task.created_at)]
    holder = _first_holder(task, moves)
    if holder is not None:
        found.append(Moment("assign", task.created_at, holder))
    for move in moves:
        if move.kind == EventKind.TASK_CLAIMED:
            found.append(Moment("assign", move.at, move.actor))
        else:
            to = move.value.get("to") if isinstance(move.value, Mapping) else None
            passed_on = move.kind == EventKind.TASK_REASSIGNED
            found.append(Moment("reassign", move.at, to if passed_on else None))
    if task.started_at is not None:
        found.append(Moment("start", task.started_at, task.completed_by or task.assignee))
    for pause in pauses:
        found.append(Moment("suspend", pause.from_at, pause.paused_by))
        if pause.until_at is not None and pause.resumed_by is not None:
            found.append(Moment("resume", pause.until_at, pause.resumed_by))
    if task.status == TaskStatus.COMPLETED:
        found.append(Moment("complete", task.completed_at, task.completed_by))
    elif task.status == TaskStatus.CANCELLED and task.completed_at is not None:
        found.append(Moment("ate_abort", task.completed_at))
    return sorted(found, key=lambda each: (each.at, _ORDER.index(each.transition)))


_ORDER = ("schedule", "assign", "reassign", "start", "suspend", "resume", "complete", "ate_abort")


def _first_holder(task: Any, moves: Sequence[Any]) -> str | None:
    """Who held the step when it began."""
    if not moves:
        holder: str | None = task.assignee or task.completed_by
        return holder
    first = moves[0]
    if first.kind == EventKind.TASK_REASSIGNED and isinstance(first.value, Mapping):
        return first.value.get("from")
    return first.actor if first.kind == EventKind.TASK_RELEASED else None
