"""How many potential clients do we have?

Prospects that were not erased, merged or restricted and did not ask to be left alone. Beside them:
*contactable*, with an address and consent; *untouched*, with no case; *suspected*, pairs of
records that look alike. The flow of a month: prospects who came, prospects who bought.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from broker_crm.analysis.answers import LISTED, Answer, Place, Point, Row
from broker_crm.analysis.estimates import share
from broker_crm.analysis.ledger import Ledger, by_month
from broker_crm.analysis.slices import Slice
from broker_crm.crm.duplicates import likely_pairs
from broker_crm.crm.models import Client, ClientStatus, Consent
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance

BREAKDOWNS: dict[str, Any] = {
    "sector": Client.sector,
    "size": Client.size_band,
    "region": Client.region,
    "client_kind": Client.kind,
    "vip": Client.vip,
    "person": Client.owner,
    "team": User.team_key,
}
OF_CASES_ONLY = ("process", "version", "step", "product", "complexity", "price_band")
"""Fields of a slice that say nothing about a client: most prospects have no case yet."""
COLUMNS = {"contactable": "count", "share": "share", "untouched": "count"}
MOST_PAIRS = 5_000
"""Pairs of similar records among which those of some clients are counted."""
CONSENTED = exists().where(
    Consent.client_id == Client.id, Consent.given_at.is_not(None), Consent.withdrawn_at.is_(None)
)
CONTACTABLE = and_(CONSENTED, or_(Client.email.is_not(None), Client.phone.is_not(None)))
UNTOUCHED = ~exists().where(ProcessInstance.client_id == Client.id)
LIVING = and_(
    Client.erased_at.is_(None),
    Client.merged_into.is_(None),
    Client.restricted_at.is_(None),
    Client.do_not_contact.is_(False),
)
POTENTIAL = and_(LIVING, Client.status == ClientStatus.PROSPECT)


def potential_clients(ledger: Ledger, part: Slice, by: str = "sector") -> Answer:
    """Prospects now; the period counts only for the flow.

    Args:
        ledger: the columns; clients are read from the database.
        part: its parts of a client, and `person` or `team` who looks after it.
        by: 'sector', 'size', 'region', 'client_kind', 'vip', 'person' or 'team'.
    """
    session = ledger.session
    figures = (
        func.count().label("n"),
        func.sum(case((CONTACTABLE, 1), else_=0)).label("contactable"),
        func.sum(case((UNTOUCHED, 1), else_=0)).label("untouched"),
    )
    total = session.execute(_of(part, select(*figures), POTENTIAL)).one()
    key = BREAKDOWNS[by].label("key")
    rows = session.execute(_of(part, select(key, *figures), POTENTIAL).group_by(key))
    found = [_row(each.key, each.n, each.contactable, each.untouched) for each in rows]
    places = session.execute(
        _of(part, select(ProcessInstance.id), POTENTIAL)
        .join(ProcessInstance, ProcessInstance.client_id == Client.id)
        .order_by(ProcessInstance.started_at.desc(), ProcessInstance.id)
        .limit(LISTED)
    ).scalars()
    cases = session.scalar(
        _of(part, select(func.count()), POTENTIAL).join(
            ProcessInstance, ProcessInstance.client_id == Client.id
        )
    )
    contactable = int(total.contactable or 0)
    return Answer(
        "Q1",
        float(total.n),
        "count",
        total.n,
        facts={
            "contactable": contactable,
            "contactable_share": share(contactable, total.n),
            "untouched": int(total.untouched or 0),
            "suspected": _suspected(session, part),
        },
        by=by,
        rows=sorted(found, key=lambda row: (-row["n"], str(row["key"]))),
        columns=COLUMNS,
        trend=_came(ledger, part),
        places=[Place(each.hex) for each in places],
        place_count=cases or 0,
    )


def _of(part: Slice, wanted: Any, who: ColumnElement[bool]) -> Any:
    wanted = wanted.select_from(Client).outerjoin(User, User.login == Client.owner).where(who)
    for column, value in (
        (Client.kind, part.client_kind),
        (Client.sector, part.sector),
        (Client.size_band, part.size),
        (Client.region, part.region),
        (Client.vip, part.vip),
        (Client.owner, part.person),
        (User.team_key, part.team),
    ):
        if value is not None:
            wanted = wanted.where(column == value)
    return wanted


def _suspected(session: Session, part: Slice) -> int:
    """Pairs of which one record at least belongs to the clients that are looked at."""
    whole = Slice(start=part.start, end=part.end)
    if replace(part, **dict.fromkeys(OF_CASES_ONLY)) == whole:
        return len(likely_pairs(session))
    looked_at = set(session.scalars(_of(part, select(Client.id), LIVING)))
    pairs = likely_pairs(session, limit=MOST_PAIRS)
    return sum(bool(looked_at & {pair.first.id, pair.second.id}) for pair in pairs)


def _came(ledger: Ledger, part: Slice) -> list[Point]:
    """Clients who came by month, whatever became of them since."""
    days = [
        ledger.office.calendar.local_day(created)
        for created in ledger.session.scalars(_of(part, select(Client.created_at), LIVING))
    ]
    came = (
        {"month": day.replace(day=1)}
        for day in days
        if (part.start is None or day >= part.start) and (part.end is None or day <= part.end)
    )
    return by_month(came, lambda clients: float(len(clients)))


def _row(key: object, n: int, contactable: int | None, untouched: int | None) -> Row:
    reachable = int(contactable or 0)
    return {
        "key": key,
        "n": n,
        "contactable": reachable,
        "share": share(reachable, n),
        "untouched": int(untouched or 0),
    }
