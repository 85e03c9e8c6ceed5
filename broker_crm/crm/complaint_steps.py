"""In which step of which process the cause of a complaint lies, and in which version of it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Complaint
from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.published import compiled
from broker_crm.engine.dialect import Element
from broker_crm.process.models import ProcessInstance

COMPLAINT = "complaint"


def process_steps(session: Session) -> list[dict[str, str]]:
    """The user tasks of all latest versions, as options: 'process/step' and a name in words.

    Reads every process the first time, which takes a moment: pages do so before people write.
    """
    newest = (
        select(func.max(ProcessVersion.id))
        .where(ProcessVersion.process_key != COMPLAINT)
        .group_by(ProcessVersion.process_key)
    )
    versions = session.execute(
        select(ProcessVersion.id, ProcessVersion.process_key, ProcessVersion.name)
        .where(ProcessVersion.id.in_(newest))
        .order_by(ProcessVersion.name)
    )
    return [
        {"label": f"{name} · {element.name}", "value": f"{key}/{element.step}"}
        for version_id, key, name in versions
        for element in _user_tasks(session, version_id)
    ]


def name_of_step(session: Session, version_id: int, step: str | None) -> str | None:
    """How the version's diagram calls a step; None where it has none of this key, or no name."""
    return next(
        (each.name for each in _user_tasks(session, version_id) if each.step == step and each.name),
        None,
    )


def _user_tasks(session: Session, version_id: int) -> Iterator[Element]:
    for element in compiled(session, version_id).elements.values():
        if element.type == "userTask" and element.step:
            yield element


def version_of_step(session: Session, complaint: Complaint, process_key: str) -> int | None:
    """The version in which the client's latest case of the process runs or ran, received before the
    complaint; without such a case the latest published one.
    """
    own = session.scalar(
        select(ProcessInstance.version_id)
        .where(
            ProcessInstance.process_key == process_key,
            ProcessInstance.client_id == complaint.client_id,
            ProcessInstance.started_at <= complaint.registered_at,
        )
        .order_by(ProcessInstance.started_at.desc())
        .limit(1)
    )
    return own or session.scalar(
        select(func.max(ProcessVersion.id)).where(ProcessVersion.process_key == process_key)
    )
