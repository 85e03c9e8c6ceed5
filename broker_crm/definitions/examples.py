"""Example values of a process's variables: they fill in a text where no case is at hand.

Fields of the version's forms get a value of their type; what the start of a case or a rule sets is
listed here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from broker_crm.definitions import published
from broker_crm.definitions.forms import Field
from broker_crm.definitions.forms.model import MULTIPLE_CHOICES, SINGLE_CHOICES
from broker_crm.definitions.forms.values import options
from broker_crm.definitions.models import ResourceKind

AMOUNT = 1000
SOON = timedelta(days=30)
LATER = timedelta(days=394)


def example_variables(
    session: Session, version_id: int, today: date, *, optional: bool = True
) -> dict[str, Any]:
    """One value for each variable that texts of the version may name.

    Args:
        session: for reading.
        version_id: of the process.
        today: days are counted from it.
        optional: False leaves fields that need not be filled in without a value.
    """
    found: dict[str, Any] = {}
    for key in published.resources(session, version_id, ResourceKind.FORM):
        form = published.form(session, version_id, key)
        for name, value in _of_fields(form.fields, today, optional).items():
            found[name] = found.get(name) if value is None else value
    return found | _set_otherwise(today)


def _of_fields(fields: Iterable[Field], today: date, optional: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields:
        found |= _of_fields(field.fields, today, optional)
        if field.keyed and field.path:
            needed = optional or field.rules.get("required") or field.type == "checkbox"
            found[field.path[0]] = _value(field, today) if needed else None
    return found


def _value(field: Field, today: date) -> Any:
    if field.type in SINGLE_CHOICES | MULTIPLE_CHOICES:
        offered = options(field, {}, None)
        first = offered[0] if offered else "…"
        return [first] if field.type in MULTIPLE_CHOICES else first
    if field.type == "number":
        return max(_limit(field, "min", 0), min(AMOUNT, _limit(field, "max", AMOUNT)))
    if field.type == "checkbox":
        return True
    if field.type == "datetime":
        day = (today + SOON).isoformat()
        return day if field.attributes.get("subtype") == "date" else f"{day}T10:00"
    if field.rules.get("validationType") == "email":
        return "klientas@klientas.example"
    return str(field.attributes.get("label") or "…")


def _limit(field: Field, name: str, without: float) -> float:
    """A limit that is written as a number; one that is worked out is not known here."""
    limit = field.rules.get(name)
    return limit if isinstance(limit, int | float) else without


def _set_otherwise(today: date) -> dict[str, Any]:
    soon, later = (today + SOON).isoformat(), (today + LATER).isoformat()
    policy = {
        "number": "PAV-0001",
        "insurer": "Pavyzdinis draudikas",
        "startsOn": today.isoformat(),
        "endsOn": soon,
        "premium": 450,
        "sumInsured": 100_000,
        "deductible": 300,
        "instalments": 2,
        "covers": ["fire"],
    }
    return {
        "standardTerms": {
            "insurer": "Pavyzdinis draudikas",
            "premiumRate": 0.005,
            "minPremium": 120,
            "commission": 20,
            "deductible": 300,
            "maxDiscount": 15,
        },
        "deviation": {"standardPremium": 500, "premiumPercent": 10, "premiumEffect": 50},
        "policy": policy,
        "issued": policy | {"endsOn": later, "firstDueOn": soon, "firstAmount": 225},
        "renewalFile": {"claimCount": 1, "claimAmount": 800},
        "opportunity": {"argument": "Turto vertė išaugo daugiau nei penktadaliu."},
        "complaint": {
            "number": "S-2026-001",
            "complainant": "Ona Pavyzdienė",
            "email": "klientas@klientas.example",
            "receivedOn": today.isoformat(),
            "answerOn": soon,
            "description": "Pavyzdys: vėlavo atsakymas.",
            "consumer": True,
            "language": "lt",
        },
        "campaign": {
            "name": "Pavyzdinė kampanija",
            "headline": "Ar Jūsų turtas apdraustas tiek, kiek vertas?",
            "messageA": "Pavyzdinis tekstas.",
            "messageB": "Kitas pavyzdinis tekstas.",
        },
        "recipient": {
            "link": "https://pavyzdys.example/offers/x",
            "unsubscribeLink": "https://pavyzdys.example/offers/x/unsubscribe",
        },
        "meeting": {"startsAt": f"{soon}T10:00+02:00", "minutes": 60, "place": "mūsų biure"},
        "offerLink": "https://pavyzdys.example/offer/x",
        "signingLink": "https://pavyzdys.example/sign/x",
        "signBy": f"{soon}T16:00+02:00",
    }
