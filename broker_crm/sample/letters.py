"""Letters of written cases: filled in from the same templates, sent at once by the local outbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock, settings
from broker_crm.crm.models import Client
from broker_crm.db import Base, new_id
from broker_crm.definitions.models import ResourceKind
from broker_crm.engine.transition import EventKind, HappenedEvent, Transition
from broker_crm.outreach import headers, offer_links, texts
from broker_crm.outreach.happenings import happened
from broker_crm.outreach.letters import envelope
from broker_crm.outreach.merge import address_of, merge_context
from broker_crm.outreach.models import Letter, OutboxEntry, OutboxState
from broker_crm.process import recording
from broker_crm.process.jobs import JobCall
from broker_crm.process.recording import Work


class Letters:
    """Writes the letters of one case after the other."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._sender = settings.load().mail_from
        self._rows: list[Base] = []
        self._queued: list[HappenedEvent] = []
        self._loops: dict[tuple[Any, str], int] = {}
        self.newest: HappenedEvent | None = None
        """The sending of the last letter."""

    def queue(self, call: JobCall) -> Mapping[str, object]:
        """The job `send-letter`."""
        case, job = call.case, call.job
        key = str(job.headers["letter"])
        client = self._session.get(Client, case.client_id) if case.client_id else None
        wanted = job.headers.get("language") or (client.language if client else "lt")
        kind = ResourceKind.LETTER
        language = texts.language_of(self._session, case.version_id, kind, key, str(wanted))
        to = str(job.headers.get("to") or "client")
        address = (address_of(client) if client else None) if to == "client" else to
        address = address or "rastine@pastas.example"
        variables = {**job.variables, "recipientEmail": address}
        context = merge_context(self._session, case, variables, language)
        context[offer_links.FIELD] = offer_links.address(case.id.hex)
        text = texts.rendered(self._session, case.version_id, kind, key, language, context)
        loop = self._loops[case.id, job.element_id] = (
            self._loops.get((case.id, job.element_id), 0) + 1
        )
        salesperson = context.get("salesperson")
        sender_name = salesperson.get("name") if isinstance(salesperson, Mapping) else ""
        name = _name(client, address)
        now = clock.now()
        letter = Letter(
            id=new_id(),
            instance_id=case.id,
            client_id=case.client_id,
            element_id=job.element_id,
            template_key=key,
            language=language,
            sender=headers.mailbox(str(sender_name or ""), self._sender, "sender"),
            recipient=headers.mailbox(name, address, "recipient"),
            subject=headers.one_line(text.subject, "subject"),
            body=text.markdown,
            author=call.actor or case.owner,
            created_at=now,
            dedup_key=f"{case.id}:{job.element_id}:{loop}",
        )
        entry = OutboxEntry(
            letter_id=letter.id,
            state=OutboxState.SENT,
            message_id=f"<{letter.id}@{envelope(letter.sender).rpartition('@')[2]}>",
            attempts=1,
            next_attempt_at=now,
            sent_at=now,
            server_reply="local outbox",
        )
        self._rows += [letter, entry]
        value = {"letter": str(letter.id)}
        queued = HappenedEvent(
            EventKind.LETTER_QUEUED,
            element_id=job.element_id,
            element_name=job.element_name,
            value={**value, "template": key},
            loop_number=loop,
        )
        case.words.append(letter.subject)
        call.events.append(queued)
        self.newest = replace(queued, kind=EventKind.LETTER_SENT, value=value)
        self._queued.append(self.newest)
        return {"letterId": str(letter.id)}

    def sent_events(self, work: Work) -> list[dict[str, object]]:
        """Rows of the history for the letters of the last command, sent right after it."""
        if not self._queued:
            return []
        after = Work(work.session, work.instance, None, work.at)
        events, self._queued = tuple(self._queued), []
        return recording.event_rows(after, Transition(events=events), None)

    def taken(self) -> list[Base]:
        """The rows of the case's letters; they are forgotten here."""
        rows, self._rows, self._queued, self._loops = self._rows, [], [], {}
        return rows


def _name(client: Client | None, address: str) -> str:
    for contact in client.contacts if client is not None else ():
        if contact.email and contact.email.casefold() == address.casefold():
            return f"{contact.first_name} {contact.surname}"
    same = client is not None and (client.email or "").casefold() == address.casefold()
    return client.name if client is not None and same else ""


def post(session: Session) -> None:
    """Let the local outbox take what a lived case has just queued; the same events as a sending."""
    waiting = session.scalars(
        select(OutboxEntry).where(OutboxEntry.state == OutboxState.QUEUED)
    ).all()
    for entry in waiting:
        entry.state, entry.sent_at = OutboxState.SENT, clock.now()
        entry.attempts, entry.server_reply = 1, "local outbox"
        happened(session, entry.letter_id, EventKind.LETTER_SENT)
    session.flush()
