"""Where cases stand: at open steps, or waiting for a moment."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.process.models import ProcessInstance, TaskStatus, Timer, UserTask
from broker_crm.web import names, times


def steps(session: Session, instance_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """Names of open steps by case; where there are none, until when the case waits."""
    found = waits(session, instance_ids)
    working: dict[UUID, list[str]] = {}
    open_tasks = select(UserTask.instance_id, UserTask.version_id, UserTask.name).where(
        UserTask.instance_id.in_(instance_ids), UserTask.status == TaskStatus.OPEN
    )
    for instance_id, version_id, name in session.execute(open_tasks):
        working.setdefault(instance_id, []).append(names.name(session, version_id, name))
    return found | working


def waits(session: Session, instance_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """By case, the moments that it waits for besides reminders of open steps."""
    found: dict[UUID, list[str]] = {}
    timers = (
        select(ProcessInstance.id, ProcessInstance.version_id, Timer.name, Timer.due_at)
        .join(Timer, Timer.instance_id == ProcessInstance.id)
        .where(Timer.instance_id.in_(instance_ids), Timer.host_task_id.is_(None))
        .order_by(Timer.due_at)
    )
    for instance_id, version_id, name, due_at in session.execute(timers):
        text = _(
            "%(moment)s: waits until %(time)s",
            moment=names.name(session, version_id, name),
            time=times.when(due_at),
        )
        found.setdefault(instance_id, []).append(text)
    return found
