"""What the merge fields of a text stand for, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from broker_crm.definitions import published
from broker_crm.definitions.models import ResourceKind
from broker_crm.engine.feel import FeelError, names
from broker_crm.web import task_schema
from broker_crm.web.wording import Words

RECORDS: Words = {
    "client": _l("from the client's card"),
    "contact": _l("the contact person who is written to"),
    "greeting": _l("greeting by name, in Lithuanian in the vocative"),
    "product": _l("the case's product"),
    "salesperson": _l("the salesperson of the case"),
    "today": _l("the day on which it is written"),
    "policy": _l("the policy that the case is about"),
    "issued": _l("the policy that was issued in this case"),
    "standardTerms": _l("the product's standard terms in force"),
    "deviation": _l("what the offer gives away against the standard terms"),
    "complaint": _l("the complaint as it is registered"),
    "campaign": _l("the campaign"),
    "recipient": _l("the campaign's recipient"),
    "opportunity": _l("why this is offered to the client"),
    "renewalFile": _l("what the renewal file says"),
    "signingLink": _l("the address at which the contract is signed"),
    "offerLink": _l("the personal address at which the client opens the offer"),
    "signBy": _l("until when it can be signed"),
}


def explained(
    session: Session, version_ids: Iterable[int], fields: Iterable[str]
) -> list[dict[str, Any]]:
    """Each field with what its names stand for."""
    labels = _labels(session, version_ids)
    return [
        {"field": field, "means": [_meaning(name, labels) for name in _names(field)]}
        for field in fields
    ]


def _meaning(name: str, labels: dict[str, str]) -> dict[str, str]:
    if name in labels:
        return {"name": name, "text": _("form field “%(label)s”", label=labels[name])}
    known = RECORDS.get(name)
    return {"name": name, "text": str(known) if known else _("set by the process")}


def _names(field: str) -> list[str]:
    try:
        return sorted(names(field))
    except FeelError:
        return []


def _labels(session: Session, version_ids: Iterable[int]) -> dict[str, str]:
    found: dict[str, str] = {}
    for version_id in version_ids:
        for key in published.resources(session, version_id, ResourceKind.FORM):
            found |= task_schema.field_labels(session, version_id, key)
    return found
