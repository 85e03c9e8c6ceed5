"""A client as people write it: checked, compared with the others, changed with its history."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import and_, false, func, or_, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm import identifiers, likeness
from broker_crm.crm.clients import first_contact
from broker_crm.crm.identifiers import IdentifierRejected
from broker_crm.crm.models import (
    Client,
    ClientDistinction,
    ClientKind,
    ClientStatus,
    ContactPerson,
    Interaction,
)
from broker_crm.crm.stale_edits import ChangedMeanwhile, refuse_stale
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.people.models import User
from broker_crm.process.plain_text import plain

EMAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+")
CHECKED: dict[str, tuple[Callable[[str], str], str]] = {
    "code": (identifiers.company_code, "notCompanyCode"),
    "vat_code": (identifiers.vat_code, "notVatCode"),
    "phone": (identifiers.phone, "phone"),
    "contact_phone": (identifiers.phone, "phone"),
    "bank_account": (identifiers.bank_account, "notIban"),
}
MOST_STAFF = 1_000_000


@dataclass(frozen=True, slots=True)
class ClientEntry:
    """What the form of a client holds; an empty text is None."""

    kind: str
    name: str | None
    code: str | None = None
    vat_code: str | None = None
    email: str | None = None
    phone: str | None = None
    address: str | None = None
    region: str | None = None
    language: str = "lt"
    staff: int | None = None
    bank_account: str | None = None
    vip: bool = False
    owner: str | None = None
    contact_first_name: str | None = None
    contact_surname: str | None = None
    contact_email: str | None = None
    contact_phone: str | None = None


class LooksAlike(Exception):
    """Other clients may be this one; `client_ids` are they."""

    def __init__(self, client_ids: Sequence[int]) -> None:
        self.client_ids = client_ids
        super().__init__(f"clients {', '.join(map(str, client_ids))}")


def entry_of(client: Client) -> ClientEntry:
    """The record as its form shows it."""
    contact = first_contact(client)
    own: dict[str, Any] = {
        each.name: getattr(client, each.name, None) for each in fields(ClientEntry)
    }
    if contact is not None:
        own |= {
            "contact_first_name": contact.first_name,
            "contact_surname": contact.surname,
            "contact_email": contact.email,
            "contact_phone": contact.phone,
        }
    return ClientEntry(**own)


def save(
    session: Session,
    entry: ClientEntry,
    *,
    by: str,
    client: Client | None = None,
    seen: str | None = None,
    anyway: bool = False,
    label: Callable[[str], str] = str,
) -> Client:
    """Write a new client, or change one and note in its history what was changed.

    Args:
        session: the caller commits.
        entry: as typed.
        by: login.
        client: the one to change, read under a lock; None for a new one.
        seen: `mark` of the record as the person saw it.
        anyway: the person knows of the clients that look alike.
        label: words for the fields, for the history.

    Raises:
        FormRejected: naming the fields.
        ChangedMeanwhile: the record is no longer as the person saw it.
        LooksAlike: naming the other clients.
    """
    entry = _checked(session, entry, client)
    before = entry_of(client) if client is not None else None
    if before is not None:
        refuse_stale(before, seen)
    if client is not None and (client.merged_into or client.erased_at):
        raise ChangedMeanwhile
    known_by = (*likeness.TOLD_BY, "kind")
    told_anew = before is None or any(
        getattr(before, name) != getattr(entry, name) for name in known_by
    )
    alike = _alike(session, entry, client) if told_anew and not anyway else []
    if alike:
        raise LooksAlike([each.id for each in alike])
    if client is None:
        client = Client(
            status=ClientStatus.PROSPECT,
            source="manual",
            created_at=clock.now(),
            kind=entry.kind,
            name="",
            search_name="",
        )
        session.add(client)
    _write(client, entry)
    session.flush()
    if before is not None:
        _note_changes(session, client, before, by, label)
    return client


def _checked(session: Session, entry: ClientEntry, client: Client | None) -> ClientEntry:
    wrong: dict[str, list[FieldError]] = {}
    values = asdict(entry)
    if not entry.name:
        wrong["name"] = [FieldError("required")]
    if entry.kind not in set(ClientKind):
        wrong["kind"] = [FieldError("option")]
    if entry.language not in ("lt", "en"):
        wrong["language"] = [FieldError("option")]
    if entry.kind == ClientKind.LEGAL and not entry.code:
        wrong["code"] = [FieldError("required")]
    for field, (check, code) in CHECKED.items():
        try:
            values[field] = check(values[field]) if values[field] else None
        except IdentifierRejected:
            wrong[field] = [FieldError(code)]
    for field in ("email", "contact_email"):
        if values[field] and not EMAIL.fullmatch(values[field]):
            wrong[field] = [FieldError("email")]
    if entry.staff is not None and entry.staff > MOST_STAFF:
        wrong["staff"] = [FieldError("max", {"max": MOST_STAFF})]
    if entry.contact_first_name and not entry.contact_surname:
        wrong["contact_surname"] = [FieldError("required")]
    if not entry.contact_first_name and any(
        (entry.contact_surname, entry.contact_email, entry.contact_phone)
    ):
        wrong["contact_first_name"] = [FieldError("required")]
    if entry.owner is not None:
        owner = session.get(User, entry.owner)
        if owner is None or not owner.active:
            wrong["owner"] = [FieldError("noSuchPerson")]
    if "code" not in wrong and values["code"]:
        holder = session.scalars(select(Client).where(Client.code == values["code"])).first()
        if holder is not None and holder is not client:
            wrong["code"] = [FieldError("codeTaken")]
    if wrong:
        raise FormRejected(wrong)
    return ClientEntry(**values)


def _alike(session: Session, entry: ClientEntry, client: Client | None) -> list[Client]:
    told = set(likeness.keys(asdict(entry)))
    name = likeness.company_name(entry.name or "")
    company = and_(Client.match_name == name, Client.kind != ClientKind.NATURAL)
    asked = [company] if entry.kind != ClientKind.NATURAL else []
    if entry.vat_code:
        asked.append(Client.vat_code == entry.vat_code)
    if entry.email:
        asked.append(func.lower(Client.email) == entry.email.lower())
    if entry.phone:
        asked.append(Client.phone == entry.phone)
    near = session.scalars(
        select(Client)
        .where(Client.merged_into.is_(None), Client.erased_at.is_(None), or_(false(), *asked))
        .order_by(Client.id)
    )
    return [
        each
        for each in near
        if each is not client
        and (
            told & set(likeness.keys({name: getattr(each, name) for name in likeness.TOLD_BY}))
            or _same_company(each, entry)
        )
        and not _known_apart(session, client, each)
    ]


def _same_company(client: Client, entry: ClientEntry) -> bool:
    natural = ClientKind.NATURAL in (client.kind, entry.kind)
    return not natural and client.match_name == likeness.company_name(entry.name or "")


def _known_apart(session: Session, client: Client | None, other: Client) -> bool:
    """Has somebody said that the two are different clients?"""
    if client is None:
        return False
    return session.get(ClientDistinction, tuple(sorted((client.id, other.id)))) is not None


def _write(client: Client, entry: ClientEntry) -> None:
    values = asdict(entry)
    contact_values = {
        name.removeprefix("contact_"): values.pop(name)
        for name in list(values)
        if name.startswith("contact_")
    }
    for name, value in values.items():
        setattr(client, name, value)
    client.search_name = plain(client.name)[:200]
    if not contact_values["first_name"]:
        return
    contact = first_contact(client)
    if contact is None:
        role = "self" if client.kind == ClientKind.NATURAL else "director"
        contact = ContactPerson(role=role, first_name="", surname="")
        client.contacts.append(contact)
    for name, value in contact_values.items():
        setattr(contact, name, value)


def _note_changes(
    session: Session, client: Client, before: ClientEntry, by: str, label: Callable[[str], str]
) -> None:
    after = entry_of(client)
    changed = [
        f"{label(name)}: {_shown(old)} → {_shown(new)}"
        for name, old in asdict(before).items()
        if (new := getattr(after, name)) != old
    ]
    if changed:
        session.add(
            Interaction(
                client_id=client.id,
                kind="change",
                at=clock.now(),
                author=by,
                text="\n".join(changed),
            )
        )
        session.flush()


def _shown(value: object) -> str:
    return "–" if value in (None, "", False) else "+" if value is True else str(value)
