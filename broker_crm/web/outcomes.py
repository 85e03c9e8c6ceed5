"""Outcomes and reasons in words: those that the form offered when they were chosen."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.definitions.published import NotPublished
from broker_crm.process.models import ProcessInstance, UserTask
from broker_crm.web import names, task_schema
from broker_crm.web.wording import Words, word

CASE: Words = {
    "signed": _l("Contract signed"),
    "won": _l("Contract signed"),
    "refused": _l("Refused"),
    "not-interested": _l("Not interested"),
    "not-permitted": _l("Contact is not permitted"),
    "do-not-contact": _l("Asked not to be contacted"),
    "unreachable": _l("Could not be reached"),
    "no-show": _l("Did not come to the meeting"),
    "rejected": _l("Offer rejected"),
    "stopped": _l("Stopped"),
    "expired": _l("Expired"),
    "cancelled": _l("Cancelled"),
    "answered-by-other": _l("Answered by the insurer or another intermediary"),
    "bought": _l("Bought"),
    "bounced": _l("The letter came back"),
    "declined-by-insurer": _l("Insurers declined"),
    "dismissed": _l("Opportunity dismissed"),
    "do-not-offer-again": _l("Asked not to be offered this again"),
    "endorsed": _l("Policy extended"),
    "finished": _l("Finished"),
    "has-it-elsewhere": _l("Has it elsewhere"),
    "kyc-refused": _l("Due diligence not passed"),
    "lapsed": _l("Not renewed"),
    "lost-to-competitor": _l("Lost to a competitor"),
    "no-need": _l("No need"),
    "no-response": _l("No answer"),
    "not-a-complaint": _l("Not a complaint"),
    "not-renewable": _l("Can't be renewed"),
    "offer-rejected": _l("Offer rejected"),
    "postponed-to-renewal": _l("Postponed until renewal"),
    "renewed-other-insurer": _l("Renewed with another insurer"),
    "renewed-same-insurer": _l("Renewed with the same insurer"),
    "risk-ceased": _l("The risk has ceased"),
    "sale-started": _l("A sale began"),
    "unsubscribed": _l("Unsubscribed"),
    "upheld": _l("Justified"),
    "partly": _l("Justified in part"),
    "withdrawn": _l("Withdrawn"),
}


def of_task(session: Session, task: UserTask) -> str:
    """The outcome as the step's form words it."""
    if not task.outcome:
        return "–"
    if task.form_key is None:
        return task.outcome
    try:
        schema = task_schema.schema(session, task.version_id, task.form_key)
    except NotPublished:
        return task.outcome
    label = names.options(schema, task.outcome_variable).get(task.outcome, task.outcome)
    return names.name(session, task.version_id, label)


def of_case(outcome: str) -> str:
    """How a case ended."""
    return word(CASE, outcome)


def reason(session: Session, instance: ProcessInstance, *, reads: bool) -> str:
    """Why a case ended so: a code that a form offered, or what somebody wrote.

    Args:
        session: to read with.
        instance: the case.
        reads: whether the visitor may read what people wrote in it.
    """
    if not instance.reason:
        return "–"
    given = select(UserTask.form_key).where(
        UserTask.instance_id == instance.id, UserTask.reason == instance.reason
    )
    form_key = session.scalar(given.order_by(UserTask.completed_at.desc()).limit(1))
    return written(session, instance.version_id, instance.reason, form_key, reads=reads)


def written(
    session: Session, version_id: int, text: str, form_key: str | None = None, *, reads: bool
) -> str:
    """A reason by its label; one that somebody wrote only to those who may read the case.

    Args:
        session: to read with.
        version_id: of the process.
        text: a code that a form offered, or what somebody wrote.
        form_key: of the form in which it was given, where that is known.
        reads: whether the visitor may read what people wrote in the case.
    """
    labels = task_schema.reasons(session, version_id, form_key)
    return labels.get(text, text if reads else _("(hidden)"))
