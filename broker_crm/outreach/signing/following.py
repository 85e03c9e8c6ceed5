"""Follows requests to sign: sends them, asks and hears what became of them, ends them.

A provider that fails is called again, later and later; after a while people are told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.crm import files
from broker_crm.crm.models import Document, SignatureRequest
from broker_crm.outreach import notifications
from broker_crm.outreach.signing import providers, requests
from broker_crm.process.models import TaskStatus, UserTask

BATCH = 50
PAUSES = tuple(timedelta(minutes=each) for each in (1, 5, 15, 60, 240))
"""Between attempts; the last one for all that follow."""
TOLD_AFTER = 3
"""Failures in a row after which people are told."""
SAID = {
    "signed": ("Sutartį pasirašė {}", "Sutartis pasirašyta"),
    "refused": ("Klientas atsisakė pasirašyti: {}", "Klientas atsisakė pasirašyti"),
    "expired": ("Sutartis laiku nepasirašyta: {}", "Sutartis laiku nepasirašyta"),
}
"""With what the provider said, and without."""


log = logging.getLogger("broker_crm.signing")


def ended(session: Session, request: SignatureRequest, state: str, said: str = "") -> bool:
    """End a request that was sent, fill in the signing step, and tell the salesperson.

    Args:
        session: the caller commits.
        request: which.
        state: 'signed', 'refused' or 'expired'.
        said: who signed, or why not.

    Returns:
        False when it is not open any more; nothing is changed then.
    """
    now = clock.now()
    still = SignatureRequest.state == "sent"
    if state != "expired":
        still &= SignatureRequest.expires_at > now
    if not requests.moved(session, request.id, still, state=state, ended_at=now):
        return False
    session.refresh(request)
    instance = requests.instance_of(session, request)
    task = requests.signing_task(session, instance.id)
    if task is not None:
        _prefill(task, state, said)
    with_words, alone = SAID[state]
    _tell(session, request, state, with_words.format(said) if said else alone)
    return True


def answered(session: Session, request: SignatureRequest, answer: providers.Answer) -> bool:
    """What a provider tells of a request, with the signed file.

    Returns:
        False when the request is not open any more; nothing is changed then.

    Raises:
        FileRefused: when the signed file is none; nothing may be committed then.
    """
    if not ended(session, request, answer.state, answer.said):
        return False
    if answer.signed is not None:
        instance = requests.instance_of(session, request)
        document = session.get_one(Document, request.document_id)
        kept = files.keep(
            session,
            answer.signed,
            files.Place(instance.id, document.task_id, instance.client_id),
            kind=files.SIGNED_CONTRACT,
            by=None,
        )
        request.signed_document_id = kept.id
    return True


def heard(session: Session, provider: str, call: providers.Call) -> bool:
    """Take in a call of a provider.

    Returns:
        True when it ended a request; the same call again changes nothing.

    Raises:
        UnknownProvider: when there is none of this name.
        CallRefused: when the call is not the provider's.
        FileRefused: when the signed file is none.
    """
    told = providers.named(provider).heard(session, call)
    if told is None:
        return False
    reference, answer = told
    request = session.scalars(
        select(SignatureRequest).where(
            SignatureRequest.provider == provider, SignatureRequest.reference == reference
        )
    ).first()
    return request is not None and answered(session, request, answer)


def carry_on(factory: sessionmaker[Session], stopping: Callable[[], bool] = lambda: False) -> int:
    """Send what is prepared, ask about what is sent, end what is too late or overtaken."""
    done = 0
    for request_id in _due(factory):
        if stopping():
            break
        try:
            with factory.begin() as session:
                done += _step(session, request_id)
        except DBAPIError:
            raise
        except Exception as error:
            log.warning("a provider of e-signatures failed", exc_info=True)
            with factory.begin() as session:
                _failed(session, request_id, error)
    return done


def _due(factory: sessionmaker[Session]) -> Sequence[UUID]:
    now = clock.now()
    overtaken = exists().where(
        Document.id == SignatureRequest.document_id,
        UserTask.id == Document.task_id,
        UserTask.status != TaskStatus.OPEN,
    )
    called = SignatureRequest.next_attempt_at <= now
    at_once = (SignatureRequest.state == "prepared") & SignatureRequest.next_attempt_at.is_(None)
    with factory.begin() as session:
        return session.scalars(
            select(SignatureRequest.id)
            .where(
                SignatureRequest.state.in_(requests.OPEN),
                or_(called, at_once, SignatureRequest.expires_at <= now, overtaken),
            )
            .order_by(SignatureRequest.prepared_at)
            .limit(BATCH)
        ).all()


def _step(session: Session, request_id: UUID) -> int:
    request = session.get_one(SignatureRequest, request_id)
    document = session.get_one(Document, request.document_id)
    task = session.get(UserTask, document.task_id) if document.task_id else None
    if task is None or task.status != TaskStatus.OPEN:
        return requests.withdraw(session, SignatureRequest.id == request_id)
    now = clock.now()
    if request.expires_at is not None and request.expires_at <= now:
        if request.state == "prepared":
            return requests.withdraw(session, SignatureRequest.id == request_id)
        return ended(session, request, "expired")
    provider = providers.named(request.provider)
    again = now + provider.asked_every if provider.asked_every else None
    told = {"next_attempt_at": again, "attempts": 0, "last_error": None}
    if request.state == "sent":
        answer = provider.ask(session, request)
        if answer is not None:
            return answered(session, request, answer)
        requests.moved(session, request_id, SignatureRequest.state == "sent", **told)
        return 0
    prepared = SignatureRequest.state == "prepared"
    if not requests.moved(session, request_id, prepared, state="sent", sent_at=now, **told):
        return 0
    session.refresh(request)
    request.reference = provider.send(session, request)
    return 1


def _failed(session: Session, request_id: UUID, error: Exception) -> None:
    """Note the failure and when the provider is called again; people are told in the end."""
    request = session.get_one(SignatureRequest, request_id, with_for_update=True)
    if request.state not in requests.OPEN:
        return
    pause = PAUSES[min(request.attempts, len(PAUSES) - 1)]
    request.attempts += 1
    request.last_error = f"{type(error).__name__}: {error}"[:500]
    request.next_attempt_at = clock.now() + pause
    if request.attempts == TOLD_AFTER:
        what = f"El. parašo paslauga neatsako, bandoma toliau: {request.last_error}"
        _tell(session, request, "failed", what, managers=True)


def _tell(
    session: Session, request: SignatureRequest, about: str, what: str, *, managers: bool = False
) -> None:
    instance = requests.instance_of(session, request)
    task = requests.signing_task(session, instance.id)
    whom = [task.assignee if task and task.assignee else instance.owner]
    whom += notifications.sales_managers(session) if managers else []
    key = f"{task.element_id if task else 'signature'}:{about}:{request.id.hex[-8:]}"
    notifications.alert(session, instance, key, what, filter(None, whom))


def _prefill(task: UserTask, state: str, said: str) -> None:
    """What the salesperson finds in the step's form, unless something is typed there already."""
    now = clock.now()
    today = now.astimezone(OFFICE).date().isoformat()
    values = {
        "signed": {"signingOutcome": "signed", "signedOn": today},
        "refused": {"signingOutcome": "refused", "reasonText": said},
    }.get(state)
    if values and (not task.draft or requests.prefilled(task.draft)):
        task.draft = {key: value for key, value in values.items() if value}
        task.draft_saved_at = now
