"""How a case is called and coloured on every page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from flask_babel import get_locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Client, Product
from broker_crm.definitions.models import ProcessVersion
from broker_crm.process.models import ProcessInstance, UserTask
from broker_crm.web import names, times
from broker_crm.web.wording import INSTANCE_STATUS, word

TONES = {"active": "info", "completed": "good", "cancelled": "today"}


def process_name(session: Session, version_id: int) -> str:
    """The process's name in the visitor's language."""
    version = session.get_one(ProcessVersion, version_id)
    return names.name(session, version_id, version.name)


def task_name(session: Session, task: UserTask) -> str:
    """The step's name in the visitor's language."""
    return names.name(session, task.version_id, task.name)


def product_name(product: Product) -> str:
    """The product's name in the visitor's language."""
    return product.name_en if str(get_locale()) == "en" else product.name


def titles(session: Session, instance_ids: Iterable[UUID | None]) -> Mapping[UUID | None, str]:
    """Title by instance, in one statement."""
    wanted = {instance_id for instance_id in instance_ids if instance_id is not None}
    if not wanted:
        return {}
    rows = session.execute(
        select(ProcessInstance, Client.name)
        .outerjoin(Client, Client.id == ProcessInstance.client_id)
        .where(ProcessInstance.id.in_(wanted))
    )
    return {instance.id: title(session, instance, client_name) for instance, client_name in rows}


def versions(session: Session, instance_ids: Iterable[UUID | None]) -> Mapping[UUID | None, int]:
    """Version on which each instance runs, in one statement."""
    wanted = {instance_id for instance_id in instance_ids if instance_id is not None}
    found = select(ProcessInstance.id, ProcessInstance.version_id)
    rows = session.execute(found.where(ProcessInstance.id.in_(wanted)))
    return {row.id: row.version_id for row in rows}


def title(session: Session, instance: ProcessInstance, client_name: str | None) -> str:
    """Client and process; the case's own title where it has no client."""
    process = process_name(session, instance.version_id)
    return f"{client_name} · {process}" if client_name else instance.title or process


def row(session: Session, instance: ProcessInstance, client_name: str | None) -> dict[str, object]:
    """One case in a listing."""
    return {
        "id": instance.id,
        "title": title(session, instance, client_name),
        "status": word(INSTANCE_STATUS, instance.status),
        "tone": TONES.get(instance.status, "info"),
        "started": times.day(instance.started_at),
    }
