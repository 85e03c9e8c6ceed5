"""What people tell a case of: events that its diagram waits for and lets anybody report by hand."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.definitions.published import compiled
from broker_crm.process.errors import NotAllowed
from broker_crm.process.models import EventSubscription, ProcessInstance
from broker_crm.process.rights import acting_user, may_start
from broker_crm.process.waiting import deliver

BY_HAND = "byHand"
"""Property of a message event that people may report on the case's page: 'true'."""
MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Reportable:
    """An event that a person may report.

    Attributes:
        element_id: of the event in the diagram.
        name: as the diagram calls it.
    """

    element_id: str
    name: str


def reportable(session: Session, instance: ProcessInstance) -> list[Reportable]:
    """Events that the case waits for now and that its diagram marks `byHand`, by name."""
    elements = compiled(session, instance.version_id).elements
    waiting = session.scalars(
        select(EventSubscription.element_id).where(
            EventSubscription.instance_id == instance.id, EventSubscription.kind == MESSAGE
        )
    )
    found = [
        Reportable(each, elements[each].name or each)
        for each in set(waiting)
        if each in elements and elements[each].properties.get(BY_HAND) == "true"
    ]
    return sorted(found, key=lambda each: (each.name, each.element_id))


def report(session: Session, instance: ProcessInstance, element_id: str, *, by: str) -> bool:
    """Let an event of the case happen, because a person says that it did.

    Args:
        session: the caller commits.
        instance: that the person may see.
        element_id: of the event.
        by: login.

    Returns:
        False when the case no longer waits for it; nothing has changed then.

    Raises:
        NotAllowed: the person takes no part in processes, or the diagram lets nobody report it.
        RuleFailed: a rule or job failed; the caller rolls back.
    """
    if not may_start(acting_user(session, by)):
        raise NotAllowed("Only salespeople, assistants and managers report what happened.")
    element = compiled(session, instance.version_id).elements.get(element_id)
    if element is None or element.properties.get(BY_HAND) != "true":
        raise NotAllowed("This can't be reported by hand.")
    waiting = session.scalars(
        select(EventSubscription.id).where(
            EventSubscription.instance_id == instance.id,
            EventSubscription.element_id == element_id,
        )
    ).all()
    return any(deliver(session, each, instance.id, {}, by=by) for each in waiting)
