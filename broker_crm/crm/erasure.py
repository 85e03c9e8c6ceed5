"""Erases a person's data: what tells of the person goes, what can be counted stays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

from sqlalchemy import ColumnElement, delete, null, or_, select, update
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm import audit, retention
from broker_crm.crm.anonymising import Words, anonymous, code
from broker_crm.crm.erased_columns import CLIENT_COLUMNS, EMPTIED
from broker_crm.crm.merging import lock_clients
from broker_crm.crm.models import (
    Client,
    ClientMerge,
    Complaint,
    ContactPerson,
    Document,
    DocumentContent,
    Endorsement,
    ImportBatch,
    ImportRow,
    Offer,
    OfferLine,
    Policy,
    SignatureRequest,
)
from broker_crm.crm.notes import LEGAL_FORMS, SHORTEST_NAME
from broker_crm.crm.retention import Keep
from broker_crm.engine import commands as engine
from broker_crm.engine.transition import EventKind
from broker_crm.outreach.models import Letter, LetterAttachment, Notification, OutboxEntry
from broker_crm.people.saved_views import SavedView
from broker_crm.process.errors import CommandRefused
from broker_crm.process.migration.models import MigrationItem
from broker_crm.process.models import (
    Incident,
    InstanceStatus,
    PendingMessage,
    ProcessEvent,
    ProcessInstance,
    TaskPause,
    UserTask,
)
from broker_crm.process.plain_text import plain
from broker_crm.process.steering.models import SteeringBatch, SteeringRow


class ErasureRefused(CommandRefused):
    """Law, claims or work under way require the data to be kept; nothing has changed.

    Attributes:
        reasons: why.
    """

    def __init__(self, reasons: Sequence[Keep]) -> None:
        super().__init__(", ".join(each.code for each in reasons))
        self.reasons = reasons


def erase_client(session: Session, client_id: int, *, by: str, asked: bool) -> None:
    """Make a client anonymous, with its earlier duplicates and ended cases.

    Counts, sums, days and codes stay, so that answers about the past do not change.

    Args:
        session: the caller commits.
        client_id: the client; erasing again changes nothing.
        by: login.
        asked: whether the person asked; else the terms of retention decide.

    Raises:
        ErasureRefused: naming the reasons.
    """
    ids = _locked(session, client_id)
    clients = [session.get_one(Client, each) for each in ids]
    if clients[0].erased_at is not None:
        return
    reasons = retention.reasons_to_keep(session, client_id, by_law_only=asked)
    if reasons:
        raise ErasureRefused(reasons)
    words = _words(session, ids)
    _forget_views(session, clients)
    cases = list(
        session.scalars(select(ProcessInstance.id).where(ProcessInstance.client_id.in_(ids)))
    )
    for case_id in cases:
        _rewrite_case(session, case_id, client_id, words, by)
    _forget_files_and_letters(
        session,
        or_(Document.client_id.in_(ids), Document.instance_id.in_(cases)),
        or_(Letter.client_id.in_(ids), Letter.instance_id.in_(cases)),
    )
    policies = list(session.scalars(select(Policy.id).where(Policy.client_id.in_(ids))))
    for table, values in EMPTIED.items():
        columns = table.__table__.c
        own = columns.client_id.in_(ids)
        if "instance_id" in columns:
            own = or_(own, columns.instance_id.in_(cases))
        session.execute(update(table.__table__).where(own).values(values))
    _forget_policies(session, policies)
    _forget_traces(session, ids, policies)
    session.execute(delete(ContactPerson).where(ContactPerson.client_id.in_(ids)))
    session.expire_all()
    for client in clients:
        for name, value in CLIENT_COLUMNS.items():
            setattr(client, name, value)
        client.name = f"[{client.id}]"
        client.search_name = client.match_name = client.sort_name = ""
        client.erased_at = clock.now()
    session.flush()
    audit.note(
        session, "erased", client_id, by=by, asked=asked, cases=len(cases), policies=len(policies)
    )


def erase_case(session: Session, case_id: UUID, *, by: str) -> None:
    """Make one ended case anonymous; its client stays.

    Args:
        session: the caller commits.
        case_id: the process instance.
        by: login.

    Raises:
        ErasureRefused: the case still runs.
    """
    case = session.get_one(ProcessInstance, case_id, with_for_update=True, populate_existing=True)
    if case.status == InstanceStatus.ACTIVE:
        raise ErasureRefused([Keep("open-case")])
    client_id = case.client_id
    words = _words(session, [client_id] if client_id is not None else [])
    _rewrite_case(session, case_id, client_id, words, by)
    _forget_files_and_letters(
        session, Document.instance_id == case_id, Letter.instance_id == case_id
    )
    for table, values in EMPTIED.items():
        columns = table.__table__.c
        if "instance_id" in columns and table is not Complaint:
            session.execute(
                update(table.__table__).where(columns.instance_id == case_id).values(values)
            )
    _forget_lines(session, Offer.instance_id == case_id)
    session.expire_all()
    audit.note(session, "case-erased", client_id, by=by, case=str(case_id))


def erase_complaint(session: Session, complaint_id: int, *, by: str) -> None:
    """Make a closed complaint and its case anonymous; register number, dates and decision stay.

    Args:
        session: the caller commits.
        complaint_id: of the register.
        by: login.

    Raises:
        ErasureRefused: the complaint is open.
    """
    complaint = session.get_one(
        Complaint, complaint_id, with_for_update=True, populate_existing=True
    )
    if complaint.closed_at is None:
        raise ErasureRefused([Keep("open-complaint")])
    if complaint.instance_id is not None:
        erase_case(session, complaint.instance_id, by=by)
    session.execute(
        update(Complaint).where(Complaint.id == complaint_id).values(EMPTIED[Complaint])
    )
    audit.note(session, "complaint-erased", complaint.client_id, by=by, complaint=complaint_id)


def _locked(session: Session, client_id: int) -> list[int]:
    """The client and its duplicates under lock, those too that were merged while we waited."""
    ids: list[int] = []
    while set(ids) != set(found := retention.of_client(session, client_id)):
        ids = found
        lock_clients(session, ids)
    return ids


def _words(session: Session, ids: Sequence[int]) -> Words:
    return Words(
        session.scalars(select(Client).where(Client.id.in_(ids))),
        session.scalars(select(ContactPerson).where(ContactPerson.client_id.in_(ids))),
    )


def _rewrite_case(
    session: Session, case_id: UUID, client_id: int | None, words: Words, by: str
) -> None:
    """Take what tells of a person out of a case; an event tells all readers of its history."""
    case = session.get_one(ProcessInstance, case_id, with_for_update=True, populate_existing=True)

    def changed(variables: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = anonymous(variables, words)
        return found

    case.state = engine.rewritten(case.state, case_id, changed)
    process_name = case.title.partition(" · ")[0]
    case.title = f"{process_name} · [{client_id or '–'}]"
    case.search_title = case.search_text = ""
    case.reason = code(case.reason, words)
    for task in _present(session, UserTask, case_id):
        task.local_variables = anonymous(task.local_variables, words)
        task.draft = None
        task.reason = code(task.reason, words)
        task.pause_reason = code(task.pause_reason, words)
        if words.tell_of(task.name):
            task.name, task.search_name = task.step, plain(task.step)
    for event in _present(session, ProcessEvent, case_id):
        if event.value is not None:
            event.value = anonymous(event.value, words, (event.measure and "reason") or "")
        event.reason = code(event.reason, words)
        if event.element_name and words.tell_of(event.element_name):
            event.element_name = event.element_id
    for incident in _present(session, Incident, case_id):
        incident.message = ""
        incident.command = anonymous(incident.command, words)
    session.execute(delete(PendingMessage).where(PendingMessage.instance_id == case_id))
    session.execute(
        update(MigrationItem)
        .where(MigrationItem.instance_id == case_id)
        .values(reason=null(), changes=null())
    )
    _rewrite_steering(session, case_id, words)
    session.add(
        ProcessEvent(
            instance_id=case_id,
            version_id=case.version_id,
            kind=EventKind.DATA_ERASED,
            at=clock.now(),
            actor=by,
        )
    )
    session.execute(
        update(Notification)
        .where(Notification.instance_id == case_id)
        .values(case_title=case.title)
    )
    session.flush()


def _rewrite_steering(session: Session, case_id: UUID, words: Words) -> None:
    for pause in _present(session, TaskPause, case_id):
        pause.note = code(pause.note, words) or ""
    for row in _present(session, SteeringRow, case_id):
        row.reason = None
        batch = session.get_one(SteeringBatch, row.batch_id)
        batch.arguments = anonymous(batch.arguments, words)
        batch.reason = code(batch.reason, words) or ""


def _present(session: Session, table: type[Any], case_id: UUID) -> Any:
    """A case's rows as they are in the database now."""
    found = select(table).where(table.instance_id == case_id)
    return session.scalars(found.execution_options(populate_existing=True))


def _forget_files_and_letters(
    session: Session, files: ColumnElement[bool], letters: ColumnElement[bool]
) -> None:
    documents = select(Document.id).where(files)
    session.execute(delete(DocumentContent).where(DocumentContent.document_id.in_(documents)))
    session.execute(update(Document).where(files).values(removed_at=clock.now()))
    contracts = select(SignatureRequest.id).where(SignatureRequest.document_id.in_(documents))
    session.execute(
        update(SignatureRequest)
        .where(SignatureRequest.id.in_(contracts))
        .values(signer_name="", signer_email=None, last_error=None)
    )
    written = select(Letter.id).where(letters)
    session.execute(delete(LetterAttachment).where(LetterAttachment.letter_id.in_(written)))
    session.execute(
        update(OutboxEntry).where(OutboxEntry.letter_id.in_(written)).values(server_reply=None)
    )
    session.execute(
        update(OutboxEntry)
        .where(OutboxEntry.letter_id.in_(written), OutboxEntry.last_error.contains("@"))
        .values(last_error="")
    )


def _forget_views(session: Session, clients: Sequence[Client]) -> None:
    """Delete saved filters that hold a client's name."""
    names = [
        {word for word in plain(client.name).split() if len(word) >= SHORTEST_NAME} - LEGAL_FORMS
        for client in clients
    ]
    for view in session.scalars(select(SavedView)):
        told = set(re.findall(r"\w+", plain(f"{view.name} {unquote_plus(view.query)}")))
        if any(name and name <= told for name in names):
            session.delete(view)
    session.flush()


def _forget_policies(session: Session, policies: Sequence[int]) -> None:
    for policy in session.scalars(select(Policy).where(Policy.id.in_(policies))):
        policy.number = f"[{policy.id}]"
        policy.search_number = ""
        policy.non_renewal_reason = None
    session.execute(
        update(Endorsement).where(Endorsement.policy_id.in_(policies)).values(change="")
    )
    session.flush()


def _forget_lines(session: Session, offers: ColumnElement[bool]) -> None:
    session.execute(
        update(OfferLine)
        .where(OfferLine.offer_id.in_(select(Offer.id).where(offers)))
        .values(cover="", extra_covers="")
    )


def _forget_traces(session: Session, ids: Sequence[int], policies: Sequence[int]) -> None:
    """Copies of the data in imports, merges and offers."""
    _forget_lines(session, Offer.client_id.in_(ids))
    kinds: tuple[tuple[str, Sequence[int]], ...] = (("clients", ids), ("policies", policies))
    for kind, keys in kinds:
        batches = select(ImportBatch.id).where(ImportBatch.kind == kind)
        session.execute(
            update(ImportRow)
            .where(ImportRow.batch_id.in_(batches), ImportRow.record_id.in_(keys))
            .values(before={}, after={})
        )
    merges = or_(ClientMerge.kept_id.in_(ids), ClientMerge.merged_id.in_(ids))
    for entry in session.scalars(select(ClientMerge).where(merges)):
        entry.moved = {**entry.moved, "client": {"kept": {}, "merged": {}}}
    session.flush()
