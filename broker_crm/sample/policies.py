"""What sample clients hold: a first policy each, from which renewals lead to the present."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.calendar import OFFICE
from broker_crm.crm.models import (
    Claim,
    Client,
    ClientKind,
    Instalment,
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
HOLDS = 0.9
"""Share of the clients to browse who have held policies."""
HOLDS_LIGHT = 0.78
"""The same of the light clients who hold policies at all."""
LEAST = 0.06
"""Share of them that hold policies in a small history too, so that there are signals to find."""
PEAKS = (11, 12, 1, 3, 4, 5)
"""Months in which many policies of companies end."""
PEAK_SHARE = 0.45
CLAIMS_A_YEAR = 0.12
CLAIMS = {
    "vehicle": ("Susidūrimas aikštelėje", "Apgadintas priekinis stiklas", "Eismo įvykis kelyje"),
    "building": ("Trūkęs vandentiekio vamzdis", "Gaisras pagalbinėje patalpoje", "Vagystė"),
    "cargo": ("Krovinys apgadintas iškraunant", "Sušlapęs krovinys"),
    "project": ("Sugadintos gretimo sklypo komunikacijos",),
    None: ("Trečiojo asmens pretenzija", "Įvykis pagal draudimo taisykles"),
}
OBJECTS = {
    "mtpl": "vehicle",
    "casco": "vehicle",
    "household": "building",
    "property": "building",
    "construction": "project",
    "cargo": "cargo",
}
NAMES = {
    "mtpl": ("Volkswagen Passat", "Toyota Corolla", "Škoda Octavia", "Volvo XC60"),
    "casco": ("Volkswagen Passat", "Toyota RAV4", "BMW 320", "Ford Transit"),
    "household": ("Butas", "Gyvenamasis namas", "Sodyba"),
    "property": ("Sandėlis", "Gamybos cechas", "Biuro patalpos", "Parduotuvė"),
    "construction": ("Gyvenamųjų namų statyba", "Sandėlio rekonstrukcija"),
    "cargo": ("Kroviniai Lietuva–Vokietija", "Kroviniai Lietuva–Lenkija", "Šaldyti kroviniai"),
}


@dataclass(frozen=True, slots=True)
class Holding:
    """A client's cover of one kind, renewed year by year as long as the client stays."""

    key: str
    client_id: int
    product: str
    policy_id: int
    """Of the newest policy."""


def add_holdings(
    session: Session, clients: list[Client], browsed: int, share: float, today: date
) -> list[Holding]:
    """Write the first policies.

    Args:
        session: the caller commits.
        clients: all of them; the first are those to browse, many of the others only hold policies.
        browsed: how many are to browse.
        share: of the usual number of policies.
        today: the present of the sample.
    """
    products = {row.key: row for row in session.scalars(select(Product))}
    terms = _cheapest(session)
    found: list[tuple[str, Policy]] = []
    for number, client in enumerate(clients):
        chance = stream("policies", number)
        light = number >= browsed
        holds = HOLDS_LIGHT if light else HOLDS
        if chance.random() > holds or (light and not is_holder(number, browsed)):
            continue
        if chance.random() > (share if light else max(share, LEAST)):
            continue
        for offered in _chosen(chance, client, light=light):
            product = products[offered.key]
            policy = _first(
                session, client, product, offered, terms[product.id], chance, today, light=light
            )
            found.append((offered.key, policy))
    session.flush()
    for _product, policy in found:
        session.add_all(paid(instalments_of(policy), today))
        add_claims(session, policy, today)
    session.flush()
    return [
        Holding(f"{policy.client_id}-{product}", policy.client_id, product, policy.id)
        for product, policy in found
    ]


def is_holder(number: int, browsed: int) -> bool:
    """Four in ten of the light clients came with a policy; the others are prospects."""
    return number >= browsed and number % 10 in (1, 4, 6, 9)


def paid(parts: list[Instalment], today: date) -> list[Instalment]:
    """Instalments, those that are due marked as paid."""
    for part in parts:
        if part.due_on <= today:
            part.paid_on, part.paid_amount = part.due_on, part.amount
    return parts


def _cheapest(session: Session) -> dict[int, StandardTerms]:
    rows = session.scalars(
        select(StandardTerms).order_by(StandardTerms.premium_rate.desc(), StandardTerms.id.desc())
    )
    return {row.product_id: row for row in rows}


def _chosen(chance: Random, client: Client, *, light: bool) -> list[Offered]:
    average = VIP_AVERAGE if client.vip else AVERAGE[ClientKind(client.kind)]
    count = max(1, round(chance.gauss(average * (0.62 if light else 1), 0.8)))
    fitting = [offered for offered in PRODUCTS if client.kind in offered.kinds]
    if client.sector == "transport" and chance.random() < 0.6:
        fitting = [BY_KEY["cargo"], BY_KEY["mtpl"], BY_KEY["casco"]]
    return chance.sample(fitting, min(count, len(fitting)))


def _first(
    session: Session,
    client: Client,
    product: Product,
    offered: Offered,
    terms: StandardTerms,
    chance: Random,
    today: date,
    *,
    light: bool,
) -> Policy:
    sum_insured = Decimal(round(offered.sum_insured * chance.uniform(0.5, 1.6), -3))
    insured = _object(session, client, offered, sum_insured, chance)
    years = chance.choices((0, 1, 2), (1, 3, 6) if light else (2, 3, 4))[0]
    last = _end(chance, client, today, light=light)
    ends_on = last - timedelta(days=365 * years)
    premium = max(terms.minimum_premium, sum_insured * terms.premium_rate)
    begins = ends_on - timedelta(days=364)
    policy = Policy(
        number=f"{offered.group[:2].upper()}-{client.id:04d}-{product.id:02d}-{begins.year}",
        client_id=client.id,
        insurer_id=terms.insurer_id,
        product_id=product.id,
        object_id=insured.id if insured else None,
        starts_on=begins,
        ends_on=ends_on,
        premium=(premium * Decimal(f"{0.97**years:.4f}")).quantize(Decimal("0.01")),
        commission_percent=terms.commission_percent,
        sum_insured=sum_insured,
        deductible=terms.deductible,
        instalment_count=chance.choice((1, 1, 2, 4)),
        status=PolicyStatus.ACTIVE,
        sales_type="new",
        owner=client.owner,
        created_at=datetime.combine(
            begins - timedelta(days=chance.randint(1, 9)), time(11), OFFICE
        ),
    )
    policy.covers = covers_of(policy, list(offered.covers))
    session.add(policy)
    return policy


def _end(chance: Random, client: Client, today: date, *, light: bool) -> date:
    """Within a year; ends of companies' policies gather in the peak months."""
    soonest = 131 if light else 3
    ends_on = today + timedelta(days=chance.randint(soonest, 360))
    if client.kind == ClientKind.LEGAL and chance.random() < PEAK_SHARE:
        for _attempt in range(20):
            if ends_on.month in PEAKS:
                break
            ends_on = today + timedelta(days=chance.randint(soonest, 360))
    return ends_on


def _object(
    session: Session, client: Client, offered: Offered, value: Decimal, chance: Random
) -> InsuredObject | None:
    if offered.key not in OBJECTS:
        return None
    kind = OBJECTS[offered.key]
    letters = "".join(chance.choice("ABCDEFGHJKLMNPRSTUVZ") for _each in range(3))
    insured = InsuredObject(
        client_id=client.id,
        kind=kind,
        name=chance.choice(NAMES[offered.key]),
        plate=f"{letters} {chance.randint(100, 999)}" if kind == "vehicle" else None,
        built_year=chance.randint(2010 if kind == "vehicle" else 1975, 2025),
        value=(value * Decimal(f"{chance.choice((1, 1, 1, 1.25)):.2f}")).quantize(Decimal(1)),
    )
    session.add(insured)
    session.flush()
    return insured


def add_claims(session: Session, policy: Policy, today: date) -> None:
    """Write the losses of a policy's year, if there were any."""
    chance = stream("claims", policy.number)
    happened_on = policy.starts_on + timedelta(days=chance.randint(5, 355))
    if chance.random() > CLAIMS_A_YEAR or happened_on >= min(today, policy.ends_on):
        return
    amount = (policy.premium * Decimal(f"{chance.uniform(0.3, 3):.2f}")).quantize(Decimal("0.01"))
    refused = chance.random() < 0.1
    insured = session.get(InsuredObject, policy.object_id) if policy.object_id else None
    closed_on = happened_on + timedelta(days=chance.randint(20, 60))
    is_open = closed_on > today
    session.add(
        Claim(
            client_id=policy.client_id,
            policy_id=policy.id,
            insurer_number=f"Z-{happened_on.year}-{chance.randint(10_000, 99_999)}",
            happened_on=happened_on,
            reported_on=min(happened_on + timedelta(days=chance.randint(0, 6)), today),
            description=chance.choice(CLAIMS[insured.kind if insured else None]),
            reserve=amount if is_open else 0,
            paid=0 if refused or is_open else amount,
            reduced_by_limit=not refused and not is_open and chance.random() < 0.08,
            refused_on=closed_on if refused and not is_open else None,
            closed_on=None if is_open else closed_on,
        )
    )
