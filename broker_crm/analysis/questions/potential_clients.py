"""How many potential clients do we have?

Prospects that were not erased, merged or restricted and did not ask to be left alone. Beside them:
*contactable*, with a consent in force for e-mail or telephone and an address there that is not
known to fail, the client's own or of a contact person; *untouched*, with no case and no call,
letter, meeting or note; *suspected*, pairs of records that look alike, of which one at least is
such a prospect. The flow of a month: clients who came, whatever became of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from broker_crm.analysis.answers import LISTED, Answer, Place, Point, Row
from broker_crm.analysis.estimates import share
from broker_crm.analysis.ledger import Ledger, by_month
from broker_crm.analysis.slices import Slice
from broker_crm.crm.duplicates import likely_pairs
from broker_crm.crm.models import Client, ClientStatus, Consent, ContactPerson, Interaction
from broker_crm.crm.permissions import MARKETING
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
UNTOUCHED = and_(
    ~exists().where(ProcessInstance.client_id == Client.id),
    ~exists().where(Interaction.client_id == Client.id),
)
LIVING = and_(
    Client.erased_at.is_(None),
    Client.merged_into.is_(None),
    Client.restricted_at.is_(None),
    Client.do_not_contact.is_(False),
)
POTENTIAL = and_(LIVING, Client.status == ClientStatus.PROSPECT)
OWN = Client.merged_into.is_(None)
"""Not a copy of another record."""
PAIRS = 10_000
"""Pairs of records alike that are counted at most."""
CHUNK = 400
"""Clients looked up in one statement."""


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
        func.sum(case((contactable(ledger.now), 1), else_=0)).label("contactable"),
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
    reachable = int(total.contactable or 0)
    return Answer(
        "Q1",
        float(total.n),
        "count",
        total.n,
        facts={
            "contactable": reachable,
            "contactable_share": share(reachable, total.n),
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


def contactable(now: datetime) -> ColumnElement[bool]:
    """Condition on a client: a consent in force, and an address where it holds."""
    mail = _contacts(ContactPerson.email != "", ContactPerson.bounced_at.is_(None))
    phone = _contacts(ContactPerson.phone != "")
    return or_(
        and_(_consented(now, "email"), or_(Client.email != "", mail)),
        and_(_consented(now, "phone"), or_(Client.phone != "", phone)),
    )


def _consented(now: datetime, channel: str) -> ColumnElement[bool]:
    return exists().where(
        Consent.client_id == Client.id,
        Consent.purpose == MARKETING,
        Consent.channel.in_((channel, "any")),
        Consent.given_at <= now,
        or_(Consent.withdrawn_at.is_(None), Consent.withdrawn_at > now),
    )


def _contacts(*reached: ColumnElement[bool]) -> ColumnElement[bool]:
    own = (ContactPerson.client_id == Client.id, ContactPerson.ended_at.is_(None))
    return exists().where(*own, *reached)


def _suspected(session: Session, part: Slice) -> int:
    """Pairs of records that look alike and of which one at least is asked about."""
    pairs = likely_pairs(session, limit=PAIRS)
    ids = sorted({client.id for pair in pairs for client in (pair.first, pair.second)})
    asked: set[int] = set()
    for start in range(0, len(ids), CHUNK):
        some = Client.id.in_(ids[start : start + CHUNK])
        asked.update(session.scalars(_of(part, select(Client.id), and_(POTENTIAL, some))))
    return sum(bool({pair.first.id, pair.second.id} & asked) for pair in pairs)


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


def _came(ledger: Ledger, part: Slice) -> list[Point]:
    """Clients who came by month."""
    days = [
        ledger.office.calendar.local_day(created)
        for created in ledger.session.scalars(_of(part, select(Client.created_at), OWN))
    ]
    came = (
        {"month": day.replace(day=1)}
        for day in days
        if (part.start is None or day >= part.start) and (part.end is None or day <= part.end)
    )
    return by_month(came, lambda clients: float(len(clients)))


def _row(key: object, n: int, reachable: int | None, untouched: int | None) -> Row:
    return {
        "key": key,
        "n": n,
        "contactable": int(reachable or 0),
        "share": share(int(reachable or 0), n),
        "untouched": int(untouched or 0),
    }
