"""Pairs of client records that may be one client, with the reasons; and what people decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from broker_crm import clock
from broker_crm.crm import audit
from broker_crm.crm.likeness import LOST, lost_letters
from broker_crm.crm.models import Client, ClientDistinction, ClientKind, ContactPerson
from broker_crm.db import insert

WEIGHT = {
    "vat-code": 5,
    "bank-account": 4,
    "foreign-id": 5,
    "company-name": 4,
    "name-and-birth-date": 5,
    "lost-letters": 3,
    "email": 2,
    "phone": 2,
    "contact-email": 1,
}
"""How much a reason says; the pairs are listed by the sum."""
MOST = 200
CROWD = 6
"""What more clients than these have in common, such as a switchboard, tells nothing."""


@dataclass(slots=True)
class Pair:
    first: Client
    second: Client
    reasons: list[str] = field(default_factory=list)

    @property
    def weight(self) -> int:
        return sum(WEIGHT[reason] for reason in self.reasons)


def likely_pairs(session: Session, client_id: int | None = None, limit: int = MOST) -> list[Pair]:
    """Pairs that look alike and about which nobody has decided, the surest first.

    Args:
        session: only read.
        client_id: only pairs with this client.
        limit: of pairs.
    """
    found: dict[tuple[int, int], list[str]] = {}
    for reason, pairs in _sources(session, client_id):
        for one, other in pairs:
            key = (min(one, other), max(one, other))
            reasons = found.setdefault(key, [])
            if reason not in reasons:
                reasons.append(reason)
    for decided in session.execute(select(ClientDistinction.first_id, ClientDistinction.second_id)):
        found.pop((decided.first_id, decided.second_id), None)
    ranked = sorted(found, key=lambda pair: (-sum(WEIGHT[each] for each in found[pair]), pair))[
        :limit
    ]
    ids = {client_id for pair in ranked for client_id in pair}
    clients = {
        client.id: client for client in session.scalars(select(Client).where(Client.id.in_(ids)))
    }
    return [Pair(clients[one], clients[other], found[one, other]) for one, other in ranked]


def tell_apart(session: Session, one: int, other: int, *, by: str) -> None:
    """Remember that two records are two clients; safe to repeat."""
    first, second = sorted((one, other))
    session.execute(
        insert(session, ClientDistinction)
        .values(first_id=first, second_id=second, at=clock.now(), by=by)
        .on_conflict_do_nothing()
    )
    audit.note(session, "told-apart", first, by=by, other=second)


def _sources(
    session: Session, client_id: int | None
) -> Iterable[tuple[str, Iterable[tuple[int, int]]]]:
    shared: tuple[tuple[str, Any, ColumnElement[bool]], ...] = (
        ("vat-code", Client.vat_code, Client.vat_code != ""),
        ("bank-account", Client.bank_account, Client.bank_account != ""),
        ("foreign-id", Client.foreign_id, Client.foreign_id != ""),
        (
            "company-name",
            Client.match_name,
            and_(Client.kind != ClientKind.NATURAL, Client.match_name != ""),
        ),
        ("email", func.lower(Client.email), Client.email != ""),
        ("phone", Client.phone, Client.phone != ""),
    )
    for reason, key, condition in shared:
        yield reason, _groups(session, key, condition, client_id)
    yield "name-and-birth-date", _born_alike(session, client_id)
    yield "contact-email", _by_contact(session, client_id)
    yield "lost-letters", _by_lost_letters(session, client_id)


def _living(client: type[Client] = Client) -> ColumnElement[bool]:
    return and_(client.merged_into.is_(None), client.erased_at.is_(None))


def _one_of(client_id: int | None, *columns: Any) -> ColumnElement[bool]:
    return true() if client_id is None else or_(*(column == client_id for column in columns))


def _groups(
    session: Session,
    key: ColumnElement[Any],
    condition: ColumnElement[bool],
    client_id: int | None,
) -> list[tuple[int, int]]:
    """Each pair within the groups of clients that share a value."""
    shared = (
        select(key.label("shared"))
        .where(_living(), condition)
        .group_by(key)
        .having(func.count().between(2, CROWD))
    )
    if client_id is not None:
        shared = shared.where(key == select(key).where(Client.id == client_id).scalar_subquery())
    rows = session.execute(
        select(key, Client.id).where(_living(), condition, key.in_(shared)).order_by(key, Client.id)
    )
    groups: dict[str, list[int]] = {}
    for value, own in rows:
        groups.setdefault(value, []).append(own)
    return [
        (one, other)
        for members in groups.values()
        for place, one in enumerate(members)
        for other in members[place + 1 :]
        if client_id in (None, one, other)
    ]


def _born_alike(session: Session, client_id: int | None) -> list[tuple[int, int]]:
    other = aliased(Client)
    found = (
        select(Client.id, other.id)
        .join(
            other,
            and_(other.match_name == Client.match_name, other.birth_date == Client.birth_date),
        )
        .where(Client.id < other.id, _living(), _living(other), Client.birth_date.is_not(None))
        .where(_one_of(client_id, Client.id, other.id))
        .limit(MOST * 5)
    )
    return [(one, two) for one, two in session.execute(found)]


def _by_contact(session: Session, client_id: int | None) -> list[tuple[int, int]]:
    """A contact person of one has the address of another."""
    found = (
        select(ContactPerson.client_id, Client.id)
        .join(Client, Client.email == ContactPerson.email)
        .join(aliased_owner := aliased(Client), aliased_owner.id == ContactPerson.client_id)
        .where(
            Client.id != ContactPerson.client_id,
            ContactPerson.ended_at.is_(None),
            _living(),
            _living(aliased_owner),
            _one_of(client_id, Client.id, ContactPerson.client_id),
        )
        .limit(MOST * 5)
    )
    return [(one, two) for one, two in session.execute(found)]


def _by_lost_letters(session: Session, client_id: int | None) -> list[tuple[int, int]]:
    """Names such as “?uolas”, whose letters were lost on the way, and the names they may be."""
    broken = session.execute(
        select(Client.id, Client.name)
        .where(_living(), or_(*(Client.name.contains(mark) for mark in LOST)))
        .limit(MOST)
    ).all()
    pairs = []
    for own, name in broken:
        pattern = lost_letters(name)
        if pattern is None:
            continue
        alike = session.scalars(
            select(Client.id)
            .where(
                _living(),
                Client.id != own,
                Client.search_name.like(pattern, escape="\\"),
            )
            .limit(CROWD)
        )
        pairs += [(own, other) for other in alike if client_id in (None, own, other)]
    return pairs
