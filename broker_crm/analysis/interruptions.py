"""Reads pauses, timers, messages, moves by hand and migrations from the database into columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.analysis.office_time import OfficeTime
from broker_crm.analysis.reading import (
    Which,
    by_column,
    instants_of,
    pieces_of,
    texts,
)
from broker_crm.analysis.tables import Columns
from broker_crm.engine.transition import EventKind
from broker_crm.process.models import ProcessEvent, ProcessInstance, TaskPause

HAPPENINGS = (
    EventKind.TIMER_FIRED,
    EventKind.MESSAGE_RECEIVED,
    EventKind.TOKEN_MOVED,
    EventKind.INSTANCE_MIGRATED,
)


def pauses(session: Session, office: OfficeTime, which: Which) -> Iterator[Columns]:
    """One row for each pause of a step; without an end while it is paused."""
    statement = (
        select(
            TaskPause.task_id,
            TaskPause.reason,
            TaskPause.from_at,
            TaskPause.until_at,
            TaskPause.instance_id,
        )
        .join(ProcessInstance, ProcessInstance.id == TaskPause.instance_id)
        .where(which)
    )
    for rows in pieces_of(session, statement):
        at = by_column(rows, 5)
        yield {
            "task_id": texts(each.hex for each in at[0]),
            "reason": texts(at[1]),
            "from_s": office.seconds(instants_of(at[2])),
            "until_s": office.seconds(instants_of(at[3])),
            "case_id": texts(each.hex for each in at[4]),
        }


def happenings(session: Session, office: OfficeTime, which: Which) -> Iterator[Columns]:
    """What set a case going besides its steps: timers, messages, moves by hand, migrations.

    A move by hand says where from; a migration says to which version.
    """
    statement = (
        select(
            ProcessEvent.instance_id,
            ProcessEvent.kind,
            ProcessEvent.element_id,
            ProcessEvent.value,
            ProcessEvent.actor,
            ProcessEvent.at,
        )
        .join(ProcessInstance, ProcessInstance.id == ProcessEvent.instance_id)
        .where(ProcessEvent.kind.in_(HAPPENINGS), which)
        .order_by(ProcessEvent.id)
    )
    for rows in pieces_of(session, statement):
        at = by_column(rows, 6)
        told = [each if isinstance(each, Mapping) else {} for each in at[3]]
        moved = [kind == EventKind.TOKEN_MOVED for kind in at[1]]
        instants = instants_of(at[5])
        yield {
            "case_id": texts(each.hex for each in at[0]),
            "kind": texts(at[1]),
            "element": texts(at[2]),
            "from_element": texts(
                each.get("from") if move else None for each, move in zip(told, moved, strict=True)
            ),
            "version": np.array(
                [
                    each.get("to") or 0 if kind == EventKind.INSTANCE_MIGRATED else 0
                    for each, kind in zip(told, at[1], strict=True)
                ],
                dtype=np.int32,
            ),
            "actor": texts(at[4]),
            "happened_at": instants,
            "at_s": office.seconds(instants),
        }
