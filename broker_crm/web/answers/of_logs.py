"""Foreign logs as the filters know them: which is meant, and what values it has."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import g
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.analysis.eventlogs.models import EventLog
from broker_crm.analysis.eventlogs.scratch import scratch_ledger, version_names
from broker_crm.analysis.slices import OF_CASE
from broker_crm.web.answers.dimensions import CODES
from broker_crm.web.wording import word

MOST = 500
"""Values that a filter offers at most."""
OTHERS = {
    "step": ("t.step", "task t"),
    "person": ("login", "person"),
    "team": ("team", "person"),
    "against": ("team", "person"),
}
NEVER = ("vip", "price_band")


def known(session: Session, text: str) -> UUID | None:
    """The log of this id; None where there is none that can be looked into."""
    try:
        log_id = UUID(text)
    except ValueError:
        return None
    return session.scalar(select(EventLog.id).where(EventLog.id == log_id, EventLog.read))


def name(session: Session, log_id: UUID) -> str:
    """What people call the log."""
    return session.scalar(select(EventLog.name).where(EventLog.id == log_id)) or ""


def choices(session: Session, log_id: UUID, name: str) -> Mapping[str, str]:
    """Values of a filter and what people call them; none where the log tells nothing of it."""
    kept: dict[tuple[UUID, str], dict[str, str]] = g.setdefault("choices_of_logs", {})
    if name in NEVER:
        return {}
    if (log_id, name) not in kept:
        kept[log_id, name] = _choices(session, log_id, name)
    return kept[log_id, name]


def _choices(session: Session, log_id: UUID, name: str) -> dict[str, str]:
    column, table = OTHERS.get(name) or (OF_CASE[name], "case_file c")
    with scratch_ledger(session, log_id) as found:
        rows = found.rows(
            f"SELECT DISTINCT {column} AS key FROM {table}"  # noqa: S608
            f" WHERE {column} IS NOT NULL ORDER BY 1 LIMIT {MOST}",
            {},
        )
        versions = version_names(found) if name == "version" else {}
    keys = [each["key"] for each in rows]
    codes = CODES.get(name, {})
    return {
        str(key): word(codes, str(key)) if str(key) in codes else versions.get(key, str(key))
        for key in keys
    }
