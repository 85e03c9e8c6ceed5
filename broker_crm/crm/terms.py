"""The terms of a case side by side: standard, agreed at the meeting, offered, in the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.contracts import latest_contract
from broker_crm.crm.models import Offer, OfferLine
from broker_crm.engine.transition import EventKind
from broker_crm.process.models import ProcessEvent, UserTask

NAMES = ("sumInsured", "premium", "commission", "deductible", "instalments", "covers")
TALKS = frozenset({"meeting", "negotiation", "offer-call", "renewal-negotiation"})
"""Steps in which terms are agreed with the client."""
FIELDS = {
    "contract-preparation": {
        "premium": "contractPremium",
        "commission": "contractCommission",
        "deductible": "contractDeductible",
        "instalments": "contractInstalments",
    }
}
"""Names of the form's fields, by step, where they are not the terms' own."""


@dataclass(frozen=True, slots=True)
class Column:
    """One set of terms; `kind` is 'standard', 'talk', 'offer', 'contract' or 'form'."""

    kind: str
    values: Mapping[str, Any]
    version: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    """Of a form: term to field."""
    opened_at: datetime | None = None
    """Of an offer: when the client opened it."""


def side_by_side(session: Session, task: UserTask, variables: Mapping[str, Any]) -> list[Column]:
    """What is known of the case's terms, in the order in which they came about.

    Args:
        session: for reading.
        task: the step; what its form changes is the last column.
        variables: of the case and, over them, the draft.
    """
    columns = [Column("standard", _standard(variables))]
    if talked := _talked(session, task.instance_id):
        columns.append(Column("talk", talked))
    offers = session.scalars(
        select(Offer)
        .where(Offer.instance_id == task.instance_id)
        .order_by(Offer.version.desc())
        .limit(2)
    ).all()
    columns += [
        Column("offer", _offered(offer.lines[0]), offer.version, opened_at=offer.opened_at)
        for offer in reversed(offers)
        if offer.lines
    ]
    contract = latest_contract(session, task.instance_id)
    if task.step == "contract-preparation":
        fields = FIELDS[task.step]
        written = {term: variables.get(name) for term, name in fields.items()}
        columns.append(Column("form", written, fields=fields))
    elif contract is not None:
        columns.append(
            Column(
                "contract",
                {
                    "sumInsured": contract.sum_insured,
                    "premium": contract.premium,
                    "commission": contract.commission_percent,
                    "deductible": contract.deductible,
                    "instalments": contract.instalments,
                },
                contract.version,
            )
        )
    elif task.step == "offer-preparation":
        fields = {name: name for name in NAMES}
        columns.append(Column("form", {name: variables.get(name) for name in NAMES}, None, fields))
    return columns


def same(one: object, other: object) -> bool:
    """Equal as people see it: 500 and 500.00, and lists in any order."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return sorted(map(str, one)) == sorted(map(str, other))
    try:
        return Decimal(str(one)) == Decimal(str(other))
    except InvalidOperation:
        return str(one) == str(other)


def _standard(variables: Mapping[str, Any]) -> dict[str, Any]:
    terms = variables.get("standardTerms")
    if not isinstance(terms, Mapping):
        return {}
    found = {"commission": terms.get("commission"), "deductible": terms.get("deductible")}
    insured = variables.get("sumInsured")
    if isinstance(insured, int | float) and isinstance(terms.get("premiumRate"), int | float):
        rated = Decimal(str(insured)) * Decimal(str(terms["premiumRate"]))
        least = Decimal(str(terms.get("minPremium") or 0))
        found["premium"] = max(rated, least).quantize(Decimal("0.01"))
    return found | {"instalments": 1}


def _talked(session: Session, instance_id: UUID) -> dict[str, Any]:
    """What was agreed or asked for in the talks, the latest word on each term."""
    found: dict[str, Any] = {}
    talks = session.execute(
        select(ProcessEvent.value)
        .join(UserTask, UserTask.id == ProcessEvent.task_id)
        .where(
            ProcessEvent.instance_id == instance_id,
            ProcessEvent.kind == EventKind.TASK_COMPLETED,
            UserTask.step.in_(TALKS),
        )
        .order_by(ProcessEvent.id)
    ).scalars()
    for values in talks:
        if isinstance(values, dict):
            found |= {
                name: values[name]
                for name in (*NAMES, "discountAsked", "offerCorrections")
                if values.get(name) not in (None, "", [])
            }
    return found


def _offered(line: OfferLine) -> dict[str, Any]:
    return {
        "sumInsured": line.sum_insured,
        "premium": line.premium,
        "commission": line.commission_percent,
        "deductible": line.deductible,
        "instalments": line.instalments,
        "covers": [each for each in line.cover.split(", ") if each],
    }
