"""Records that an office has to deal with: duplicates, refusals of contact, wishes to be erased."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm.models import Client, ClientKind, ClientStatus, Consent, Interaction
from broker_crm.process.plain_text import plain

DUPLICATES = 6
NOT_PERMITTED = 3
ERASURES = 2


def add_peculiar(session: Session, clients: list[Client]) -> None:
    """Write six duplicates, and mark three who may not be contacted and two to be erased.

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
    for client in people[6 : 6 + 7 * ERASURES : 7]:
        client.do_not_contact = True
        session.add(
            Interaction(
                client_id=client.id,
                kind="email",
                at=client.created_at + timedelta(days=9),
                author=client.owner,
                text="Prašo ištrinti asmens duomenis. Perduota atitikties pareigūnui.",
            )
        )
    session.flush()


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
