"""The insurer that a step asks for terms: where, and how fast it answers."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.crm import quotes
from broker_crm.process.models import TaskStatus, UserTask
from broker_crm.web.wording import CONTACT_PURPOSE, word


def beside(session: Session, task: UserTask) -> dict[str, Any] | None:
    """Whom to ask; None where no insurer on record is asked."""
    asked = quotes.contact(session, task) if task.status == TaskStatus.OPEN else None
    if asked is None:
        return None
    insurer, point = asked.insurer, asked.point
    return {
        "id": insurer.id,
        "name": insurer.name,
        "person": point.name if point else "",
        "purpose": word(CONTACT_PURPOSE, point.purpose) if point else _("Common address"),
        "email": (point.email if point else None) or insurer.email or "",
        "phone": (point.phone if point else None) or insurer.phone or "",
    }
