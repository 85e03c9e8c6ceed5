"""Records that an office has to deal with: duplicates, refusals of contact, wishes to be erased."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.clock import SimulatedClock
from broker_crm.crm.data_requests import Registration, register
from broker_crm.crm.models import Client, ClientKind, ClientStatus, Consent, Interaction
from broker_crm.process.plain_text import plain

DUPLICATES = 6
NOT_PERMITTED = 3
ASKED_DAYS_AGO = (25, 11)
"""The term of the first request is nearly over."""


def add_peculiar(session: Session, clients: list[Client]) -> None:
    """Write six duplicates, and mark three who may not be contacted.

    Args:
        session: the caller commits.
        clients: of the sample, already written.
    """
    companies = [client for client in clients if client.kind == ClientKind.LEGAL]
    people = [client for client in clients if client.kind == ClientKind.NATURAL]
    for number, client in enumerate(companies[3 : 3 + 5 * DUPLICATES : 5]):
        session.add(_twin(client, number))
    for client in people[4 : 4 + 6 * NOT_PERMITTED : 6]:
        client.do_not_contact = True
        session.execute(delete(Consent).where(Consent.client_id == client.id))
    session.flush()


def ask_for_erasure(factory: sessionmaker[Session], present: datetime) -> None:
    """Two people have asked to be erased; compliance has not decided yet.

    Args:
        factory: makes sessions.
        present: of the sample.
    """
    for place, days in enumerate(ASKED_DAYS_AGO):
        at = present - timedelta(days=days)
        with clock.use(SimulatedClock(at)), factory.begin() as session:
            client = session.scalars(
                select(Client)
                .where(Client.kind == ClientKind.NATURAL)
                .order_by(Client.id)
                .offset(6 + 7 * place)
            ).first()
            if client is None:
                continue
            client.do_not_contact = True
            session.add(
                Interaction(
                    client_id=client.id,
                    kind="email",
                    at=at,
                    author=client.owner,
                    text="Prašo ištrinti asmens duomenis. Perduota atitikties pareigūnui.",
                )
            )
            asked = Registration(
                kind="erasure",
                requester=client.name,
                channel="email",
                received_on=at.astimezone(OFFICE).date(),
                client_id=client.id,
                identified_by="Laiškas iš kortelėje įrašyto adreso",
                text="Prašau ištrinti visus mano asmens duomenis.",
            )
            register(session, asked, by="compliance")


def _twin(client: Client, number: int) -> Client:
    """The same company as somebody else typed it: words turned round or without diacritics."""
    form, name = client.name.split(" ", 1)
    bare = name.strip("„“")
    variants = (
        f"{bare}, {form}",
        f"{form} {plain(bare).title()}",
        f'{form} "{plain(bare).title()}"',
    )
    twin_name = variants[number % len(variants)]
    return Client(
        kind=client.kind,
        name=twin_name,
        search_name=plain(twin_name),
        vip=False,
        status=ClientStatus.PROSPECT,
        sector=client.sector,
        sector_code=client.sector_code,
        staff=client.staff,
        size_band=client.size_band,
        region=client.region,
        address=client.address,
        email=client.email,
        phone=client.phone if number % 2 else None,
        owner=client.owner,
        source="import",
        created_at=clock.now(),
        contacts=[],
    )
