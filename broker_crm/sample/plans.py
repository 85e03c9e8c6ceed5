"""Which sales and renewals the sample has, and when they begin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy.orm import Session

from broker_crm.calendar import OFFICE, WorkingCalendar
from broker_crm.crm.cases import RENEWAL, start_automatically, start_case
from broker_crm.crm.models import Client, Insurer, Policy, Product
from broker_crm.sample.behaviour import SampleCase
from broker_crm.sample.behaviour.timing import OVERLOADED_MONTH, OVERLOADED_TEAM
from broker_crm.sample.catalogue import BY_KEY, PRODUCTS
from broker_crm.sample.chance import evenly, stream
from broker_crm.sample.earlier import PAST_DAYS
from broker_crm.sample.lived import Begin
from broker_crm.sample.staff import BY_LOGIN

SALE = "new-client-sale"
RECENT = 0.05
"""Share of the sales that begin in the last days, so that the inboxes hold work."""
RECENT_DAYS = 9
CROWDED = 0.5
"""Share of the overloaded team's sales of the months around that begin in its month instead."""
AROUND = frozenset({10, 11, 1, 2})


def begin(case: SampleCase, asked: Mapping[str, object]) -> Begin:
    """Starts a case as the product does: a renewal by itself, a sale by its salesperson."""
    if case.process == RENEWAL:
        return lambda session: start_automatically(session, RENEWAL, asked)
    return lambda session: start_case(session, SALE, asked, by=case.owner)


def sale_case(number: int, clients: list[Client], *, early: bool) -> SampleCase:
    """The sale of a number: to one of the clients, with the earlier first letter or the present."""
    chance = stream("sale", number)
    client = chance.choice(clients)
    fitting = [offered for offered in PRODUCTS if client.kind in offered.kinds]
    offered = chance.choice(fitting)
    if client.sector == "transport" and chance.random() < 0.5:
        offered = BY_KEY["cargo"]
    return SampleCase(
        key=f"S{number:04d}",
        process=SALE,
        client_id=client.id,
        kind=client.kind,
        vip=client.vip,
        sector=client.sector,
        email=_address(client),
        language=client.language,
        owner=client.owner or "jonas",
        product=offered.key,
        letter="A" if early else "B",
    )


def evened(cases: Iterable[SampleCase]) -> Iterator[SampleCase]:
    """Sales that draw their clients' interest evenly in each segment: none stands out by chance."""
    counted: Counter[tuple[object, ...]] = Counter()
    for case in cases:
        group = (case.letter, case.sector, case.product == "cargo")
        yield replace(case, traits={"drawn": evenly(counted[group])})
        counted[group] += 1


def crowded(
    at: datetime, number: int, clients: list[Client], end: datetime, calendar: WorkingCalendar
) -> datetime:
    """When a sale begins, after all: of the overloaded team's many are put off until December.

    Args:
        at: when it would begin.
        number: of the sale.
        clients: those to whom sales are made.
        end: the present.
        calendar: of the company.
    """
    client, chance = stream("sale", number).choice(clients), stream("crowded", number)
    local = at.astimezone(OFFICE)
    elsewhere = BY_LOGIN[client.owner or "jonas"].team != OVERLOADED_TEAM
    if elsewhere or local.month not in AROUND or chance.random() >= CROWDED:
        return at
    year = local.year if local.month > OVERLOADED_MONTH - 3 else local.year - 1
    day = date(year, OVERLOADED_MONTH, 1) + timedelta(days=chance.randint(0, 18))
    day = calendar.add_working_days(day, 0)
    moved = datetime.combine(day, local.time(), OFFICE)
    return moved if end - timedelta(days=PAST_DAYS) <= moved <= end - timedelta(days=30) else at


def renewal_case(session: Session, policy: Policy) -> SampleCase:
    """The renewal of a policy."""
    client = session.get_one(Client, policy.client_id)
    product = session.get_one(Product, policy.product_id).key
    return SampleCase(
        key=f"R{client.id}-{product}-{policy.id}",
        process=RENEWAL,
        client_id=client.id,
        kind=client.kind,
        vip=client.vip,
        sector=client.sector,
        email=_address(client),
        language=client.language,
        owner=client.owner or "jonas",
        product=product,
        traits={
            "endsOn": policy.ends_on.isoformat(),
            "premium": float(policy.premium),
            "insurer": session.get_one(Insurer, policy.insurer_id).name,
            "firstTerm": policy.renewed_from_id is None,
        },
    )


def _address(client: Client) -> str | None:
    return client.contacts[0].email if client.contacts else client.email


def begins(number: int, total: int, end: datetime, calendar: WorkingCalendar) -> datetime:
    chance = stream("begins", number)
    share = (number + chance.random()) / total
    days = PAST_DAYS * (1 - share / (1 - RECENT))
    if share > 1 - RECENT:
        days = RECENT_DAYS * (1 - share) / RECENT
    return _in_office(end - timedelta(days=days), end, calendar, chance)


def _in_office(
    near: datetime, end: datetime, calendar: WorkingCalendar, chance: Random
) -> datetime:
    day: date = calendar.add_working_days(near.astimezone(OFFICE).date(), 0)
    at = datetime.combine(day, time(9), OFFICE) + timedelta(minutes=chance.randint(0, 420))
    if at > end:
        at -= timedelta(days=7)
    return at
