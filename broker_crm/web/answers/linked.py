"""Where an answer leads on: a first piece of advice tried out in a simulation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import url_for
from sqlalchemy.orm import Session

from broker_crm.analysis.marks import marks
from broker_crm.people.models import User
from broker_crm.web import access
from broker_crm.web.answers import steps


def to_what_if(session: Session, user: User, row: Mapping[str, Any]) -> str:
    """Address of “What if” with the advice filled in; empty for those who may not go there.

    Args:
        session: reads what the outcomes of the step mean.
        user: the visitor.
        row: of Q14.
    """
    if not access.may_visit(user, "what_if.form"):
        return ""
    pairs = [("process", row["process"])]
    element = row["element"]
    if row["on_time_value"] > row["raise_value"]:
        pairs.append(("change", f"on-time:{element}"))
    elif (outcome := _good(session, row["process"], element)) is not None:
        points = row["raised"] - row["rate"]
        pairs.append(("change", f"outcome:{element}:{outcome}:{points:+.3g}"))
    return f"{url_for('what_if.form')}?{urlencode(pairs)}"


def _good(session: Session, process: str, element: str) -> str | None:
    """The outcome of a step that is good, in the newest version; None where none is marked."""
    version = steps.latest(session).get(process)
    if version is None:
        return None
    told = marks(session, version.id).meanings.items()
    return next(
        (outcome for (key, outcome), means in told if key == element and means == "positive"), None
    )
