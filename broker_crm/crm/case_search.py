"""Finds cases by whatever a manager remembers of them, among those that the reader may see.

Words are looked for in two narrow columns of the case itself, its title and `search_text`, which
commands fill as they run: no history is read. What people typed and wrote is searched only where
the reader may read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.crm.models import Client
from broker_crm.crm.visibility import readable_cases
from broker_crm.definitions.models import ProcessVersion
from broker_crm.process.models import (
    Incident,
    InstanceStatus,
    ProcessInstance,
    TaskStatus,
    UserTask,
)
from broker_crm.process.plain_text import plain
from broker_crm.process.rights import Person, visible_instances
from broker_crm.process.search_words import MARKS, searched

WORDS = 6
NOW = "now"
EVER = "ever"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is remembered of a case; everything may be left out."""

    text: str = ""
    """Words, each in the title, in what was typed at a step, or in a letter's subject."""
    client: str = ""
    """Words of the client's name, or its code."""
    person: str = ""
    """Login of its salesperson, or of who did or holds one of its tasks."""
    process: str = ""
    version: int | None = None
    """Number of the version on which it runs."""
    stands_at: str = ""
    """Step of an open task."""
    passed: str = ""
    """Step of a completed task."""
    status: str = ""
    outcome: str = ""
    reason: str = ""
    """Words of the reason of the case or of one of its steps."""
    reason_codes: frozenset[str] = frozenset()
    """Codes of reasons whose words in forms fit, too."""
    product_id: int | None = None
    started_since: date | None = None
    """Days are the office's, both ends included."""
    started_until: date | None = None
    ended_since: date | None = None
    ended_until: date | None = None
    late: str = ""
    """'now' with an open step past its day, 'ever' when a step was ever late."""
    incident: str = ""
    """'now' stopped by one, 'ever' when there was one."""


def cases(
    session: Session, user: Person, wanted: Wanted, *, start: int = 0, limit: int = 50
) -> Sequence[Row[ProcessInstance, str | None]]:
    """Cases that fit with the client's name, newest first."""
    listed = select(ProcessInstance, Client.name)
    statement = (
        _found(listed, user, wanted)
        .order_by(ProcessInstance.started_at.desc(), ProcessInstance.id)
        .offset(start)
        .limit(limit)
    )
    found: Sequence[Row[ProcessInstance, str | None]] = session.execute(statement).all()
    return found


def count(session: Session, user: Person, wanted: Wanted) -> int:
    """How many cases fit."""
    return session.scalar(_found(select(func.count(ProcessInstance.id)), user, wanted)) or 0


def _found(statement: Any, user: Person, wanted: Wanted) -> Any:
    return (
        statement.select_from(ProcessInstance)
        .outerjoin(Client, Client.id == ProcessInstance.client_id)
        .where(
            visible_instances(user),
            *_of_case(wanted),
            *_of_steps(wanted),
            *_of_words(user, wanted),
        )
    )


def _of_case(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        column == value
        for column, value in (
            (ProcessInstance.process_key, wanted.process),
            (ProcessInstance.status, wanted.status),
            (ProcessInstance.outcome, wanted.outcome),
            (ProcessInstance.product_id, wanted.product_id),
        )
        if value
    ]
    if wanted.version is not None:
        numbered = select(ProcessVersion.id).where(ProcessVersion.number == wanted.version)
        if wanted.process:
            numbered = numbered.where(ProcessVersion.process_key == wanted.process)
        found.append(ProcessInstance.version_id.in_(numbered))
    for column, since, until in (
        (ProcessInstance.started_at, wanted.started_since, wanted.started_until),
        (ProcessInstance.ended_at, wanted.ended_since, wanted.ended_until),
    ):
        if since is not None:
            found.append(column >= _midnight(since))
        if until is not None:
            found.append(column < _midnight(until + timedelta(days=1)))
    if wanted.incident:
        stopped = exists().where(Incident.instance_id == ProcessInstance.id)
        if wanted.incident == NOW:
            stopped = stopped.where(Incident.resolved_at.is_(None))
        found.append(stopped)
    return found


def _of_steps(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.person:
        login = wanted.person
        found.append(
            or_(
                ProcessInstance.owner == login,
                _task(or_(UserTask.completed_by == login, UserTask.assignee == login)),
            )
        )
    if wanted.stands_at:
        found.append(_task(UserTask.step == wanted.stands_at, UserTask.status == TaskStatus.OPEN))
        found.append(ProcessInstance.status == InstanceStatus.ACTIVE)
    if wanted.passed:
        done = UserTask.status == TaskStatus.COMPLETED
        found.append(_task(UserTask.step == wanted.passed, done))
    overdue = and_(UserTask.status == TaskStatus.OPEN, UserTask.due_at < clock.now())
    if wanted.late == NOW:
        found.append(_task(overdue))
    elif wanted.late == EVER:
        done = UserTask.status == TaskStatus.COMPLETED
        found.append(_task(or_(overdue, and_(done, UserTask.completed_at > UserTask.due_at))))
    return found


def _task(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return ProcessInstance.id.in_(select(UserTask.instance_id).where(*conditions))


def _of_words(user: Person, wanted: Wanted) -> list[ColumnElement[bool]]:
    readable = readable_cases(user)
    found: list[ColumnElement[bool]] = []
    for word in searched(wanted.text)[:WORDS]:
        typed = ProcessInstance.search_text.contains(word, autoescape=True)
        title = ProcessInstance.search_title.contains(word, autoescape=True)
        found.append(or_(title, and_(typed, readable)))
    for word in plain(wanted.client).split()[:WORDS]:
        code = Client.code.contains(word, autoescape=True)
        name = Client.search_name.contains(word, autoescape=True)
        found.append(or_(name, and_(code, readable)))
    if searched(wanted.reason):
        found.append(_reason(wanted, readable))
    return found


def _reason(wanted: Wanted, readable: ColumnElement[bool]) -> ColumnElement[bool]:
    """A reason chosen from a list, or the words of one that was written."""
    codes = sorted(wanted.reason_codes)
    chosen = or_(ProcessInstance.reason.in_(codes), _task(UserTask.reason.in_(codes)))
    typed = and_(
        *(
            or_(
                ProcessInstance.search_text.contains(plain(word), autoescape=True),
                ProcessInstance.reason.icontains(word, autoescape=True),
            )
            for each in wanted.reason.split()[:WORDS]
            if plain(word := each.strip(MARKS)).strip()
        )
    )
    reasoned = or_(ProcessInstance.reason.is_not(None), _task(UserTask.reason.is_not(None)))
    return or_(chosen, and_(typed, reasoned, readable))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), OFFICE)
