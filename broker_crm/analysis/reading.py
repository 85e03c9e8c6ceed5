"""Reads cases, steps, hand-overs and offer lines from the database into columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from broker_crm.analysis.marks import Marks
from broker_crm.analysis.office_time import Instants, OfficeTime
from broker_crm.analysis.tables import Columns
from broker_crm.crm.models import Offer, OfferDeviation, OfferLine, Product
from broker_crm.crm.policies import price_band
from broker_crm.definitions.models import ProcessVersion
from broker_crm.engine.transition import EventKind
from broker_crm.process.models import ProcessEvent, ProcessInstance, UserTask

Which = ColumnElement[bool]
MarksOf = Callable[[int], Marks]
"""Marks by id of the process version."""

PIECE = 20_000
"""Rows read at a time."""
NOTICED = 1.0
"""Percent of the standard premium from which a difference of the premium is a deviation."""


def cases(
    session: Session, office: OfficeTime, marks_of: MarksOf, which: Which
) -> Iterator[Columns]:
    """One row for each case.

    Args:
        session: to read with.
        office: to place instants in office time.
        marks_of: gives the marks of a version.
        which: condition on `ProcessInstance`.
    """
    now_on = aliased(ProcessVersion)
    statement = (
        select(
            ProcessInstance.id,
            ProcessInstance.process_key,
            ProcessInstance.first_version_id,
            ProcessVersion.number,
            Product.key,
            ProcessInstance.segment,
            ProcessInstance.vip,
            ProcessInstance.region,
            ProcessInstance.complexity,
            ProcessInstance.owner,
            ProcessInstance.started_at,
            ProcessInstance.ended_at,
            ProcessInstance.status,
            ProcessInstance.outcome,
            ProcessInstance.reason,
            now_on.number,
        )
        .join(ProcessVersion, ProcessVersion.id == ProcessInstance.first_version_id)
        .join(now_on, now_on.id == ProcessInstance.version_id)
        .outerjoin(Product, Product.id == ProcessInstance.product_id)
        .where(which)
    )
    for rows in pieces_of(session, statement):
        at = by_column(rows, 16)
        parts = [segment(each) for each in at[5]]
        started, ended = instants_of(at[10]), instants_of(at[11])
        yield {
            "case_id": texts(each.hex for each in at[0]),
            "process": texts(at[1]),
            "version": np.array(at[3], dtype=np.int32),
            "product": texts(at[4]),
            "client_kind": texts(part[0] for part in parts),
            "sector": texts(part[1] for part in parts),
            "size": texts(part[2] for part in parts),
            "vip": np.array(at[6], dtype=bool),
            "region": texts(each or None for each in at[7]),
            "complexity": texts(each or None for each in at[8]),
            "owner": texts(at[9]),
            "started_on": office.local_days(started),
            "started_s": office.seconds(started),
            "ended_d": office.days(ended),
            "ended_on": office.local_days(ended),
            "ended_s": office.seconds(ended),
            "status": texts(at[12]),
            "outcome": texts(at[13]),
            "ending": texts(
                marks_of(version).endings.get(outcome or "")
                for version, outcome in zip(at[2], at[13], strict=True)
            ),
            "reason": texts(at[14]),
            "now_version": np.array(at[15], dtype=np.int32),
        }


def tasks(
    session: Session, office: OfficeTime, marks_of: MarksOf, which: Which
) -> Iterator[Columns]:
    """One row for each step that a person does or did; as for `cases`."""
    statement = (
        select(
            UserTask.id,
            UserTask.instance_id,
            UserTask.version_id,
            UserTask.element_id,
            UserTask.step,
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
            UserTask.first_due_at,
            UserTask.lane,
        )
        .join(ProcessInstance, ProcessInstance.id == UserTask.instance_id)
        .where(which)
    )
    for rows in pieces_of(session, statement):
        at = by_column(rows, 21)
        created, started, due, done = (instants_of(at[place]) for place in (8, 9, 10, 11))
        versions, elements, outcomes = at[2], at[3], at[12]
        yield {
            "task_id": texts(each.hex for each in at[0]),
            "case_id": texts(each.hex for each in at[1]),
            "element": texts(elements),
            "step": texts(at[4]),
            "kind": texts(
                marks_of(version).kinds.get(element, "")
                for version, element in zip(versions, elements, strict=True)
            ),
            "lane": texts(at[20]),
            "person": texts(by or held for held, by in zip(at[5], at[6], strict=True)),
            "status": texts(at[7]),
            "created_at": created,
            "done_at": done,
            "created_on": office.local_days(created),
            "due_on": office.local_days(due),
            "done_on": office.local_days(done),
            "created_s": office.seconds(created),
            "started_s": office.seconds(started),
            "done_s": office.seconds(done),
            "created_d": office.days(created),
            "first_due_d": office.days(instants_of(at[19])),
            "due_d": office.days(due),
            "done_d": office.days(done),
            "outcome": texts(outcomes),
            "meaning": texts(
                marks_of(version).meanings.get((element, outcome or ""))
                for version, element, outcome in zip(versions, elements, outcomes, strict=True)
            ),
            "reason": texts(at[13]),
            "loop": np.array(at[14], dtype=np.int32),
            "std_days": _numbers(at[15]),
            "std_minutes": _numbers(at[16]),
            "std_cost": _numbers(at[17]),
            "minutes": _numbers(at[18]),
        }


def stints(session: Session, office: OfficeTime, which: Which) -> Iterator[Columns]:
    """Who held a step from when to when, for steps that passed from one person to another.

    A step that one person held from first to last has no row.
    """
    kinds = (EventKind.TASK_CLAIMED, EventKind.TASK_RELEASED, EventKind.TASK_REASSIGNED)
    moves = session.connection().execute(
        select(
            ProcessEvent.task_id,
            ProcessEvent.kind,
            ProcessEvent.at,
            ProcessEvent.actor,
            ProcessEvent.value,
            UserTask.created_at,
            UserTask.completed_at,
            UserTask.instance_id,
        )
        .join(UserTask, UserTask.id == ProcessEvent.task_id)
        .join(ProcessInstance, ProcessInstance.id == ProcessEvent.instance_id)
        .where(ProcessEvent.kind.in_(kinds), which)
        .order_by(ProcessEvent.task_id, ProcessEvent.id),
    )
    by_task: dict[UUID, list[Sequence[Any]]] = {}
    for row in moves:
        by_task.setdefault(row[0], []).append(row)
    found: list[tuple[str, str | None, datetime, datetime | None, str]] = []
    for task_id, rows in by_task.items():
        if any(row[1] != EventKind.TASK_CLAIMED for row in rows):
            case_id = rows[0][7].hex
            found += [(task_id.hex, *stint, case_id) for stint in _stints(rows)]
    at = by_column(found, 5)
    since, until = instants_of(at[2]), instants_of(at[3])
    yield {
        "task_id": texts(at[0]),
        "person": texts(at[1]),
        "from_d": office.days(since),
        "to_d": office.days(until),
        "case_id": texts(at[4]),
    }


def _stints(
    moves: Iterable[Sequence[Any]],
) -> list[tuple[str | None, datetime, datetime | None]]:
    """Person, from, until (None while still held) in the order in which they held the step."""
    found: list[tuple[str | None, datetime, datetime | None]] = []
    holder: str | None = None
    since: datetime | None = None
    ended = None
    for _task, kind, at, actor, value, created, completed, _case in moves:
        if since is None:
            since = created
            if kind == EventKind.TASK_REASSIGNED:
                holder = value.get("from") if isinstance(value, Mapping) else None
            elif kind == EventKind.TASK_RELEASED:
                holder = actor
        ended = completed
        if at > since:
            found.append((holder, since, at))
        since = at
        if kind == EventKind.TASK_CLAIMED:
            holder = actor
        elif kind == EventKind.TASK_RELEASED:
            holder = None
        elif isinstance(value, Mapping):
            holder = value.get("to")
    if since is not None:
        found.append((holder, since, ended))
    return found


def offer_lines(session: Session, office: OfficeTime, which: Which) -> Iterator[Columns]:
    """One row for each line of an offer, with what it gives away against the standard."""
    statement = (
        select(
            OfferLine.id,
            Offer.id,
            Offer.instance_id,
            Offer.version,
            Offer.status,
            Offer.prepared_by,
            Offer.approved_by,
            Offer.prepared_at,
            Product.key,
            OfferLine.premium,
            OfferLine.commission_percent,
            OfferLine.standard_premium,
            OfferLine.standard_commission_percent,
            OfferLine.premium_deviation_percent,
            OfferLine.commission_deviation,
            OfferLine.premium_effect,
            OfferLine.commission_effect,
            OfferLine.other_premium_effect,
            OfferLine.other_commission_effect,
            OfferLine.deviations.any(OfferDeviation.kind != "premium").label("deviates"),
        )
        .join(Offer, Offer.id == OfferLine.offer_id)
        .join(Product, Product.id == OfferLine.product_id)
        .join(ProcessInstance, ProcessInstance.id == Offer.instance_id)
        .where(which)
    )
    for rows in pieces_of(session, statement):
        at = by_column(rows, 20)
        prepared = instants_of(at[7])
        money = (
            "premium",
            "commission_percent",
            "std_premium",
            "std_commission_percent",
            "premium_deviation",
            "commission_deviation",
            "premium_effect",
            "commission_effect",
            "other_premium_effect",
            "other_commission_effect",
        )
        yield {
            "line_id": np.array(at[0], dtype=np.int64),
            "offer_id": np.array(at[1], dtype=np.int64),
            "case_id": texts(each.hex for each in at[2]),
            "offer_version": np.array(at[3], dtype=np.int32),
            "offer_status": texts(at[4]),
            "person": texts(at[5]),
            "approver": texts(at[6]),
            "prepared_on": office.local_days(prepared),
            "line_product": texts(at[8]),
            "band": texts(price_band(each) for each in at[9]),
            **{name: _numbers(at[9 + place]) for place, name in enumerate(money)},
            "deviates": np.array(at[19], dtype=bool) | (np.abs(_numbers(at[13])) >= NOTICED),
        }


def pieces_of(session: Session, statement: Any) -> Iterator[Sequence[Sequence[Any]]]:
    """Rows by the ten thousand, so that years of work never lie in memory as rows."""
    found = session.connection().execute(statement, execution_options={"yield_per": PIECE})
    yield from found.partitions()


def by_column(rows: Sequence[Sequence[Any]], width: int) -> Sequence[Sequence[Any]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width


def segment(told: str) -> tuple[str | None, str | None, str | None]:
    """Kind, sector and size of a snapshot such as 'legal/transport/small' or 'natural'."""
    kind, *rest = told.split("/")
    sector, size = (rest[0], rest[1]) if len(rest) > 1 else (rest[0] if rest else None, None)
    return kind or None, sector, size


def texts(values: Iterable[str | None]) -> NDArray[Any]:
    found = list(values)
    column = np.empty(len(found), dtype=object)
    column[:] = [None if each is None else str(each) for each in found]
    return column


def _numbers(values: Iterable[float | Decimal | None]) -> NDArray[np.float64]:
    return np.array([np.nan if each is None else float(each) for each in values], dtype=np.float64)


def instants_of(values: Iterable[datetime | None]) -> Instants:
    return np.array(
        [None if each is None else each.replace(tzinfo=None) for each in values],
        dtype="datetime64[us]",
    )
