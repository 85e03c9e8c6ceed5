"""Describes a real client for a trial: the facts that processes decide by, and nobody's name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.clients import may_be_contacted
from broker_crm.crm.models import Client, InsuredObject, Insurer, Policy, PolicyStatus, Product
from broker_crm.sample.catalogue import BY_KEY, INSURERS
from broker_crm.sample.staff import BY_LOGIN

MOST_POLICIES = 30


def told_of(session: Session, client: Client) -> dict[str, Any]:
    """The client as a scenario describes it: without name, codes, addresses and numbers.

    Products and insurers that the stage does not have are left out or replaced.
    """
    told: dict[str, Any] = {
        "kind": client.kind,
        "vip": client.vip,
        "status": client.status,
        "language": client.language if client.language in ("lt", "en") else "lt",
        "consent": may_be_contacted(session, client),
        "doNotContact": client.do_not_contact,
        "email": bool(client.email or any(contact.email for contact in client.contacts)),
        "policies": _policies(session, client),
    }
    for key, value in (
        ("sector", client.sector),
        ("size", client.size_band),
        ("staff", client.staff),
        ("region", client.region),
    ):
        if value:
            told[key] = value
    if client.owner in BY_LOGIN:
        told["owner"] = client.owner
    return told


def _policies(session: Session, client: Client) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Policy, Product.key, Insurer.name, InsuredObject)
        .join(Product, Product.id == Policy.product_id)
        .join(Insurer, Insurer.id == Policy.insurer_id)
        .outerjoin(InsuredObject, InsuredObject.id == Policy.object_id)
        .where(Policy.client_id == client.id, Policy.status == PolicyStatus.ACTIVE)
        .order_by(Policy.ends_on, Policy.id)
        .limit(MOST_POLICIES)
    )
    found = []
    for policy, product, insurer, covered in rows:
        if product not in BY_KEY:
            continue
        told: dict[str, Any] = {
            "product": product,
            "starts": policy.starts_on.isoformat(),
            "ends": policy.ends_on.isoformat(),
            "premium": float(policy.premium),
            "commission": float(policy.commission_percent),
            "instalments": policy.instalment_count,
        }
        if insurer in INSURERS:
            told["insurer"] = insurer
        if policy.sum_insured is not None:
            told["sumInsured"] = float(policy.sum_insured)
        if policy.deductible is not None:
            told["deductible"] = float(policy.deductible)
        if covered is not None:
            told["objectKind"] = covered.kind
            if covered.value is not None:
                told["objectValue"] = float(covered.value)
        found.append(told)
    return found
