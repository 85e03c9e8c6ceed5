"""Records around the processes: notes, notifications and terms fit the cases that they tell of."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Consent, Interaction, StandardTerms
from broker_crm.integrity.invariant import holds
from broker_crm.outreach.models import Notification
from broker_crm.process.models import ProcessInstance, TaskStatus, UserTask


@holds("A note of a step tells of a completed task of its case and client")
def notes_fit(session: Session) -> Iterator[tuple[str, str]]:
    wrong = (
        select(Interaction.id)
        .outerjoin(UserTask, UserTask.id == Interaction.task_id)
        .outerjoin(ProcessInstance, ProcessInstance.id == Interaction.instance_id)
        .where(
            Interaction.task_id.is_not(None),
            or_(
                UserTask.instance_id.is_distinct_from(Interaction.instance_id),
                UserTask.status.is_distinct_from(TaskStatus.COMPLETED),
                ProcessInstance.client_id.is_distinct_from(Interaction.client_id),
            ),
        )
    )
    for interaction_id in session.scalars(wrong):
        yield f"interaction {interaction_id}", "task, case and client do not fit"


@holds("A notification tells of a task of its case")
def notifications_fit(session: Session) -> Iterator[tuple[str, str]]:
    wrong = (
        select(Notification.id)
        .outerjoin(UserTask, UserTask.id == Notification.task_id)
        .where(
            Notification.task_id.is_not(None),
            UserTask.instance_id.is_distinct_from(Notification.instance_id),
        )
    )
    for notification_id in session.scalars(wrong):
        yield f"notification {notification_id}", "its task is not there or is of another case"


@holds("What has a beginning and an end ends after it begins")
def periods_are_in_order(session: Session) -> Iterator[tuple[str, str]]:
    backward = select(StandardTerms.id).where(StandardTerms.valid_to < StandardTerms.valid_from)
    for terms_id in session.scalars(backward):
        yield f"standard terms {terms_id}", "they end before they begin"
    withdrawn = select(Consent.id).where(Consent.withdrawn_at < Consent.given_at)
    for consent_id in session.scalars(withdrawn):
        yield f"consent {consent_id}", "it was withdrawn before it was given"


INVARIANTS = (notes_fit, notifications_fit, periods_are_in_order)
