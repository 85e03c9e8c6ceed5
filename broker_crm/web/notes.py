"""What was written about a case, a client, or by colleagues about the same product."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from broker_crm.crm import notes
from broker_crm.crm.clients import may_see_client
from broker_crm.crm.models import Client, Interaction
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance, UserTask
from broker_crm.web import client_card, staff, times
from broker_crm.web.outcomes import CASE
from broker_crm.web.wording import INTERACTION, REACTION, Words, word

REACTIONS: Words = {**CASE, **REACTION}


def beside(
    session: Session, task: UserTask, instance: ProcessInstance, reader: User
) -> dict[str, Any]:
    """Notes that the task page shows beside the form; the step says which of them it promises."""
    client = session.get(Client, task.client_id) if task.client_id else None
    history: list[dict[str, str]] = []
    colleagues: list[dict[str, Any]] = []
    about = task.help.get("notes")
    if client is not None and "history" in task.help:
        history = lines(session, notes.of_client(session, client.id, besides=instance.id))
    if client is not None and about and instance.product_id is not None:
        found = notes.of_colleagues(
            session, client, instance.product_id, reader=reader.login, about=str(about)
        )
        colleagues = [_of_other(session, reader, note, other) for note, other in found]
    return {
        "case_notes": lines(session, notes.of_case(session, instance.id)),
        "colleagues_notes": colleagues,
        "on_terms": about == notes.TERMS,
        "notes_first": about == notes.TERMS or "presentation" in task.help,
        "history": history,
    }


def lines(session: Session, found: Iterable[Interaction]) -> list[dict[str, str]]:
    """Interactions as the pages list them."""
    return [_line(session, note) for note in found]


def _of_other(session: Session, reader: User, note: Interaction, other: Client) -> dict[str, Any]:
    """A note on another client: named only to whom the client is no secret."""
    line = _line(session, note)
    if may_see_client(session, reader, other):
        return {**line, "client": other.name, "client_id": other.id}
    text = notes.without_names(line["text"], other)
    return {**line, "text": text, "client": client_card.kind(other)}


def _line(session: Session, note: Interaction) -> dict[str, str]:
    return {
        "when": times.when(note.at),
        "author": staff.name(session, note.author) or "–",
        "kind": word(INTERACTION, note.kind),
        "reaction": word(REACTIONS, note.reaction) if note.reaction else "",
        "text": note.text,
    }
