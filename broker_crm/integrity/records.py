"""Records around the processes: notes, notifications and terms fit the cases that they tell of."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from broker_crm.crm.models import CommissionAgreement, Consent, Interaction, StandardTerms
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
    agreements = select(CommissionAgreement.id).where(
        CommissionAgreement.valid_to < CommissionAgreement.valid_from
    )
    for agreement_id in session.scalars(agreements):
        yield f"commission agreement {agreement_id}", "it ends before it begins"
    withdrawn = select(Consent.id).where(Consent.withdrawn_at < Consent.given_at)
    for consent_id in session.scalars(withdrawn):
        yield f"consent {consent_id}", "it was withdrawn before it was given"


@holds("Commission agreements of one insurer and product never overlap")
def agreements_do_not_overlap(session: Session) -> Iterator[tuple[str, str]]:
    other = aliased(CommissionAgreement)
    wrong = (
        select(CommissionAgreement.id, other.id)
        .join(
            other,
            and_(
                other.insurer_id == CommissionAgreement.insurer_id,
                other.product_id.is_not_distinct_from(CommissionAgreement.product_id),
                other.id > CommissionAgreement.id,
            ),
        )
        .where(
            or_(
                CommissionAgreement.valid_to.is_(None),
                CommissionAgreement.valid_to >= other.valid_from,
            ),
            or_(other.valid_to.is_(None), other.valid_to >= CommissionAgreement.valid_from),
        )
    )
    for agreement_id, other_id in session.execute(wrong):
        yield f"commission agreement {agreement_id}", f"{other_id} is in force at the same time"


INVARIANTS = (notes_fit, notifications_fit, periods_are_in_order, agreements_do_not_overlap)
