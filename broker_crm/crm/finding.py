"""One search over clients, policies, offers, contracts, complaints; rights as in the registers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from broker_crm.crm import offer_register, policy_register
from broker_crm.crm.clients import search_clients
from broker_crm.crm.complaints import SEES_REGISTER
from broker_crm.crm.models import Client, Complaint, Contract, Offer
from broker_crm.people.models import User
from broker_crm.process.plain_text import plain

EACH = 8
"""At most so many of each kind."""
SHORTEST = 2
"""Letters."""
LATEST_COMPLAINTS = 2_000


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found, by kind."""

    clients: Sequence[Client]
    policies: Sequence[policy_register.Found]
    offers: Sequence[Row[Offer, Client]]
    contracts: Sequence[Row[Contract, Client]]
    complaints: Sequence[Complaint]

    def __len__(self) -> int:
        found = (self.clients, self.policies, self.offers, self.contracts, self.complaints)
        return sum(map(len, found))


NOTHING = Findings((), (), (), (), ())


def find(session: Session, text: str, user: User) -> Findings:
    """What fits the text among the records that the reader may see; accents do not matter.

    Args:
        session: for reading.
        text: a name, code, e-mail, policy number, plate, object, contract or register number.
        user: the reader.
    """
    if len("".join(text.split())) < SHORTEST:
        return NOTHING
    policies = policy_register.policies(
        session, user, policy_register.Filter(text=text), limit=EACH
    )
    return Findings(
        search_clients(session, text, user, EACH),
        policies or policy_register.whole_number(session, user, text, EACH),
        offer_register.offers(session, user, text=text, limit=EACH),
        offer_register.contracts(session, user, text=text, limit=EACH),
        _complaints(session, text, user),
    )


def _complaints(session: Session, text: str, user: User) -> Sequence[Complaint]:
    """By register number, or by a complainant's name: complainants are no clients, so their names
    have no column for search and the latest are read."""
    if not user.roles & SEES_REGISTER:
        return ()
    number = Complaint.register_number.contains(text.strip(), autoescape=True)
    newest = select(Complaint).order_by(Complaint.id.desc())
    found = list(session.scalars(newest.where(number).limit(EACH)))
    if found:
        return found
    words = plain(text).split()
    named = session.execute(
        select(Complaint.id, Complaint.complainant)
        .order_by(Complaint.id.desc())
        .limit(LATEST_COMPLAINTS)
    )
    ids = [each for each, name in named if all(word in plain(name) for word in words)][:EACH]
    return list(session.scalars(newest.where(Complaint.id.in_(ids)))) if ids else ()
