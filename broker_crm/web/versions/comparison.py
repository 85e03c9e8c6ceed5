"""Two versions side by side: marks for the drawings, and the changes in words."""

from __future__ import annotations

from itertools import groupby

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.definitions.comparison import Change, ChangeKind, Comparison, Detail, Subject
from broker_crm.definitions.models import ProcessVersion
from broker_crm.web import names
from broker_crm.web.versions.words import CHANGE, ELEMENT, PROPERTY, SUBJECT
from broker_crm.web.wording import word

TONES = {
    ChangeKind.ADDED: "good",
    ChangeKind.REMOVED: "late",
    ChangeKind.CHANGED: "today",
    ChangeKind.MOVED: "info",
}
DRAWN = (Subject.ELEMENT, Subject.FLOW)


def view(
    session: Session, found: Comparison, before: ProcessVersion, after: ProcessVersion
) -> dict[str, object]:
    """What the page shows of a comparison."""
    catalogue = {
        **names.catalogue(session, before.id),
        **names.catalogue(session, after.id),
    }
    groups = groupby(found, key=lambda change: str(word(SUBJECT, change.subject)))
    return {
        "count": len(found.changes),
        "groups": [
            {"name": name, "rows": [_row(change, catalogue) for change in changes]}
            for name, changes in groups
        ],
        "drawings": {
            "after": _marks(found, ChangeKind.REMOVED, catalogue),
            "before": _marks(found, ChangeKind.ADDED, catalogue),
        },
    }


def _marks(found: Comparison, absent: ChangeKind, catalogue: object) -> dict[str, object]:
    """What a drawing marks; it does not hold what is absent from it."""
    marks: dict[str, list[str]] = {}
    for identifier, kind in found.drawn.items():
        if kind is not absent:
            marks.setdefault(f"is-{kind}", []).append(identifier)
    return {"names": catalogue, "marks": marks}


def _row(change: Change, catalogue: dict[str, str]) -> dict[str, object]:
    return {
        "id": change.id if change.subject in DRAWN else None,
        "kind": word(CHANGE, change.kind),
        "tone": TONES[change.kind],
        "title": _title(change, catalogue),
        "sort": word(ELEMENT, change.type) if change.subject in DRAWN else change.within,
        "details": [_detail(detail, catalogue) for detail in change.details],
    }


def _title(change: Change, catalogue: dict[str, str]) -> str:
    if change.subject is Subject.RULE:
        row = _("Row %(number)s", number=change.name) if change.name else _("A row")
        return f"{row} · {change.within}"
    return catalogue.get(change.name, change.name) or change.id


def _detail(detail: Detail, catalogue: dict[str, str]) -> dict[str, str | None]:
    what = detail.what
    label = word(PROPERTY, what) if what in PROPERTY else what.removeprefix("property ")
    return {
        "what": str(label),
        "before": _said(detail.before, catalogue),
        "after": _said(detail.after, catalogue),
    }


def _said(text: str | None, catalogue: dict[str, str]) -> str | None:
    return None if text is None else catalogue.get(text, text)
