"""What was written about a case, a client, or by colleagues about the same product."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from broker_crm.crm.models import Interaction
from broker_crm.process.models import ProcessInstance, UserTask
from broker_crm.web import staff, times
from broker_crm.web.wording import INTERACTION, word


def beside(session: Session, task: UserTask, instance: ProcessInstance) -> dict[str, Any]:
    """Notes that the task page shows beside the form."""
    return {"case_notes": [], "colleagues_notes": [], "history": []}


def lines(session: Session, found: Iterable[Interaction]) -> list[dict[str, str]]:
    """Interactions as the pages list them."""
    return [
        {
            "when": times.when(note.at),
            "author": staff.name(session, note.author) or "–",
            "kind": word(INTERACTION, note.kind),
            "text": note.text,
        }
        for note in found
    ]
