"""Sample policies in force and expired, with instalments, insured objects and claims."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm.models import (
    Claim,
    Client,
    ClientKind,
    ClientStatus,
    InsuredObject,
    Policy,
    PolicyStatus,
    Product,
    StandardTerms,
)
from broker_crm.crm.policies import covers_of, instalments_of
from broker_crm.sample.catalogue import BY_KEY, PRODUCTS, Offered
from broker_crm.sample.chance import stream

AVERAGE = {ClientKind.NATURAL: 1.9, ClientKind.LEGAL: 2.6, ClientKind.FOREIGN: 1.6}
VIP_AVERAGE = 4.2
HOLDS = 0.8
"""Share of the clients who have policies."""
PEAKS = (11, 12, 1, 3, 4, 5)
"""Months in which many policies of companies end."""
PEAK_SHARE = 0.45
CLAIMS_A_YEAR = 0.12
OBJECTS = {
    "mtpl": ("vehicle", "Automobilis"),
    "casco": ("vehicle", "Automobilis"),
    "household": ("building", "Butas"),
    "property": ("building", "Sandėlis"),
    "construction": ("project", "Statyba"),
    "cargo": ("cargo", "Kroviniai"),
}


def add_policies(session: Session, today: date) -> int:
    """Write policies for most clients; who holds one becomes an active client.

    Args:
        session: the caller commits.
        today: the present of the sample; policies end within a year from it.

    Returns:
        How many policies are in force.
    """
    products = {row.key: row for row in session.scalars(select(Product))}
    written = 0
    clients = session.scalars(select(Client).order_by(Client.id)).all()
    for number, client in enumerate(clients):
        chance = stream("policies", number)
        if chance.random() > HOLDS:
            continue
        for offered in _chosen(chance, client):
            written += _add_chain(session, client, products[offered.key], offered, chance, today)
        client.status = ClientStatus.ACTIVE
    session.flush()
    return written


def _chosen(chance: Random, client: Client) -> list[Offered]:
    average = VIP_AVERAGE if client.vip else AVERAGE[ClientKind(client.kind)]
    count = max(1, round(chance.gauss(average, 0.8)))
    fitting = [offered for offered in PRODUCTS if client.kind in offered.kinds]
    if client.sector == "transport" and chance.random() < 0.6:
        fitting = [BY_KEY["cargo"], BY_KEY["mtpl"], BY_KEY["casco"]]
    return chance.sample(fitting, min(count, len(fitting)))


def _add_chain(
    session: Session,
    client: Client,
    product: Product,
    offered: Offered,
    chance: Random,
    today: date,
) -> int:
    """The policy in force after up to two expired ones."""
    terms = session.scalars(
        select(StandardTerms)
        .where(StandardTerms.product_id == product.id)
        .order_by(StandardTerms.premium_rate, StandardTerms.id)
    ).first()
    if terms is None:
        return 0
    sum_insured = Decimal(round(offered.sum_insured * chance.uniform(0.5, 1.6), -3))
    insured = _object(session, client, offered, sum_insured, chance)
    ends_on = _end(chance, client, today)
    years = chance.choices((0, 1, 2), (3, 4, 3))[0]
    earlier: Policy | None = None
    for back in range(years, -1, -1):
        last_day = ends_on - timedelta(days=365 * back)
        premium = max(terms.minimum_premium, sum_insured * terms.premium_rate)
        policy = Policy(
            number=f"{offered.group[:2].upper()}-{client.id:04d}-{product.id:02d}-{last_day.year}",
            client_id=client.id,
            insurer_id=terms.insurer_id,
            product_id=product.id,
            object_id=insured.id if insured else None,
            starts_on=last_day - timedelta(days=364),
            ends_on=last_day,
            premium=(premium * Decimal(f"{0.97**back:.4f}")).quantize(Decimal("0.01")),
            commission_percent=terms.commission_percent,
            sum_insured=sum_insured,
            deductible=terms.deductible,
            instalment_count=chance.choice((1, 1, 2, 4)),
            status=PolicyStatus.ACTIVE if back == 0 else PolicyStatus.EXPIRED,
            sales_type="renewal" if earlier else "new",
            renewed_from_id=earlier.id if earlier else None,
            owner=client.owner,
            created_at=clock.now(),
        )
        policy.covers = covers_of(policy, list(offered.covers))
        session.add(policy)
        session.flush()
        _pay(session, policy, today)
        _add_claims(session, policy, chance, today)
        earlier = policy
    return 1


def _end(chance: Random, client: Client, today: date) -> date:
    """Within a year; ends of companies' policies gather in the peak months."""
    ends_on = today + timedelta(days=chance.randint(3, 360))
    if client.kind == ClientKind.LEGAL and chance.random() < PEAK_SHARE:
        for _attempt in range(20):
            if ends_on.month in PEAKS:
                break
            ends_on = today + timedelta(days=chance.randint(3, 360))
    return ends_on


def _object(
    session: Session, client: Client, offered: Offered, value: Decimal, chance: Random
) -> InsuredObject | None:
    if offered.key not in OBJECTS:
        return None
    kind, name = OBJECTS[offered.key]
    letters = "".join(chance.choice("ABCDEFGHJKLMNPRSTUVZ") for _each in range(3))
    insured = InsuredObject(
        client_id=client.id,
        kind=kind,
        name=name,
        plate=f"{letters} {chance.randint(100, 999)}" if kind == "vehicle" else None,
        built_year=chance.randint(1995, 2025),
        value=(value * Decimal(f"{chance.choice((1, 1, 1, 1.25)):.2f}")).quantize(Decimal(1)),
    )
    session.add(insured)
    session.flush()
    return insured


def _pay(session: Session, policy: Policy, today: date) -> None:
    for part in instalments_of(policy):
        if part.due_on <= today:
            part.paid_on, part.paid_amount = part.due_on, part.amount
        session.add(part)


def _add_claims(session: Session, policy: Policy, chance: Random, today: date) -> None:
    happened_on = policy.starts_on + timedelta(days=chance.randint(5, 355))
    if chance.random() > CLAIMS_A_YEAR or happened_on >= today:
        return
    amount = (policy.premium * Decimal(f"{chance.uniform(0.3, 3):.2f}")).quantize(Decimal("0.01"))
    refused = chance.random() < 0.1
    session.add(
        Claim(
            client_id=policy.client_id,
            policy_id=policy.id,
            happened_on=happened_on,
            reported_on=min(happened_on + timedelta(days=chance.randint(0, 6)), today),
            description="Įvykis pagal draudimo taisykles",
            reserve=0,
            paid=0 if refused else amount,
            reduced_by_limit=not refused and chance.random() < 0.08,
            refused_on=min(happened_on + timedelta(days=30), today) if refused else None,
            closed_on=min(happened_on + timedelta(days=45), today),
        )
    )
