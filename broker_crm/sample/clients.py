"""Sample clients with contact persons and consents."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm.identifiers import company_check_digit
from broker_crm.crm.models import Client, ClientKind, ClientStatus, Consent, ContactPerson
from broker_crm.process.plain_text import plain
from broker_crm.sample.chance import stream
from broker_crm.sample.staff import SALESPEOPLE, WEIGHTS
from broker_crm.sample.words import (
    FOREIGN_COMPANIES,
    FOREIGN_FIRST,
    FOREIGN_LAST,
    MEN,
    REGIONS,
    ROOTS,
    SECTORS,
    STREETS,
    SURNAMES,
    WOMEN,
    woman_surname,
)

SIZES = ((9, "micro"), (49, "small"), (249, "medium"))
ROLES = ("director", "accountant", "fleet-manager")


def add_clients(session: Session, count: int, light: int = 0) -> list[Client]:
    """Write clients: 58 % legal, 30 % natural, 12 % foreign; 11 % are VIP.

    Args:
        session: the caller commits.
        count: clients to browse.
        light: further ones of whom only the history tells; fewer are VIP.
    """
    names: set[str] = set()
    clients = [_client(number, names, light=number >= count) for number in range(count + light)]
    session.add_all(clients)
    session.flush()
    for number, client in enumerate(clients):
        _add_consents(session, client, stream("consent", number))
    return clients


def _client(number: int, names: set[str], *, light: bool) -> Client:
    chance = stream("client", number)
    kind = chance.choices([ClientKind.LEGAL, ClientKind.NATURAL, ClientKind.FOREIGN], [58, 30, 12])[
        0
    ]
    first, surname = _person(chance, foreign=kind is ClientKind.FOREIGN)
    client = Client(
        kind=kind,
        vip=chance.random() < (0.03 if light else 0.11),
        status=ClientStatus.PROSPECT,
        region=chance.choice(REGIONS),
        address=f"{chance.choice(STREETS)} g. {chance.randint(1, 99)}",
        owner=chance.choices(SALESPEOPLE, WEIGHTS)[0].login,
        source=chance.choice(("register", "referral", "website", "fair")),
        do_not_contact=False,
        phone=f"+370600{chance.randint(0, 99_999):05d}",
        created_at=clock.now() - timedelta(days=chance.randint(30, 400)),
        contacts=[],
    )
    if kind is ClientKind.NATURAL:
        client.name = f"{first} {surname}"
        client.email = f"{plain(first)}.{plain(surname)}{number}@pastas.example"
        client.contacts.append(_contact(first, surname, client.email, "self"))
    else:
        _make_company(client, chance, number, names)
        client.contacts.append(_contact(first, surname, client.email, ROLES[0]))
        if not light and chance.random() < 0.4:
            other, family = _person(chance, foreign=False)
            address = f"{plain(other)}@{client.email.split('@')[1]}" if client.email else None
            client.contacts.append(_contact(other, family, address, chance.choice(ROLES[1:])))
    if kind is ClientKind.FOREIGN:
        client.country = chance.choice(("LV", "EE", "PL", "DE", "SE"))
        client.language = "en"
    if chance.random() < 0.03:
        client.email = None
        for contact in client.contacts:
            contact.email = None
    client.search_name = plain(client.name)
    return client


def _make_company(client: Client, chance: Random, number: int, names: set[str]) -> None:
    sector = chance.choices(SECTORS, [each.weight for each in SECTORS])[0]
    if client.kind == ClientKind.FOREIGN:
        name = f"{chance.choice(FOREIGN_COMPANIES)} {number}"
        client.name = f"{name} GmbH" if chance.random() < 0.5 else f"{name} AB"
    else:
        name = f"{chance.choice(ROOTS)} {chance.choice(sector.words)}"
        while name in names:
            name = f"{chance.choice(ROOTS)} {chance.choice(sector.words)} {chance.randint(2, 99)}"
        client.name = f"{chance.choice(('UAB', 'UAB', 'UAB', 'AB', 'MB'))} „{name}“"
    names.add(name)
    digits = f"9{number:07d}"
    client.code = digits + company_check_digit(digits)
    client.sector = sector.key
    client.sector_code = sector.code
    client.staff = max(1, round(chance.lognormvariate(2.8, 1.0)))
    client.size_band = next((band for most, band in SIZES if client.staff <= most), "large")
    client.email = f"info@{plain(name).replace(' ', '-')}.example"


def _person(chance: Random, *, foreign: bool) -> tuple[str, str]:
    if foreign:
        return chance.choice(FOREIGN_FIRST), chance.choice(FOREIGN_LAST)
    if chance.random() < 0.5:
        return chance.choice(MEN), chance.choice(SURNAMES)
    return chance.choice(WOMEN), woman_surname(
        chance.choice(SURNAMES), married=chance.random() < 0.6
    )


def _contact(first: str, surname: str, email: str | None, role: str) -> ContactPerson:
    return ContactPerson(first_name=first, surname=surname, email=email, role=role)


def _add_consents(session: Session, client: Client, chance: Random) -> None:
    if chance.random() > 0.93:
        return
    given = client.created_at + timedelta(days=chance.randint(0, 20))
    withdrawn = given + timedelta(days=5) if chance.random() < 0.02 else None
    session.add(
        Consent(
            client_id=client.id,
            purpose="marketing",
            channel="any",
            given_at=given,
            withdrawn_at=withdrawn,
            evidence=chance.choice(
                ("Svetainės anketa", "Pasirašytas sutikimas", "Sutikimas parodoje")
            ),
        )
    )
