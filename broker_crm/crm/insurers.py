"""Insurers: entering and changing them, finding them by the names that they have or had."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.contact_details import checked_phone
from broker_crm.crm.models import Insurer, InsurerFormerName, InsurerKind
from broker_crm.crm.register_rights import require_keeper
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.process.plain_text import plain
from broker_crm.process.rights import Person

WEBSITE = re.compile(r"https?://[^\s/@<>\"']+\.[^\s/@<>\"']+(/[^\s<>\"']*)?")
WORDS = 6


@dataclass(frozen=True, slots=True)
class InsurerEntry:
    """What the form of an insurer holds."""

    name: str
    kind: str = InsurerKind.COMPANY
    licence: str = ""
    on_panel: bool = True
    website: str = ""
    """With or without https:// in front."""
    email: str = ""
    phone: str = ""
    notes: str = ""


def entry_of(insurer: Insurer) -> InsurerEntry:
    """The record as its form shows it."""
    return InsurerEntry(
        insurer.name,
        insurer.kind,
        insurer.licence or "",
        insurer.on_panel,
        insurer.website or "",
        insurer.email or "",
        insurer.phone or "",
        insurer.notes,
    )


def save(
    session: Session, entry: InsurerEntry, *, by: Person, insurer: Insurer | None = None
) -> Insurer:
    """Enter an insurer, or change one; running cases go on finding it by its former name.

    Args:
        session: the caller commits; an insurer to change should be locked.
        entry: as typed.
        by: who does it.
        insurer: the one to change.

    Raises:
        NotAllowed: the person does not keep the registers.
        FormRejected: naming the fields.
    """
    require_keeper(by)
    website = _with_scheme(entry.website)
    phone = _checked(session, entry, website, insurer)
    if insurer is None:
        insurer = Insurer(name=entry.name)
        session.add(insurer)
    elif insurer.name != entry.name:
        _rename(session, insurer, entry.name)
    insurer.kind, insurer.on_panel = entry.kind, entry.on_panel
    insurer.licence, insurer.website = entry.licence or None, website or None
    insurer.email, insurer.phone = entry.email or None, phone or None
    insurer.notes = entry.notes
    session.flush()
    return insurer


def named(session: Session, name: str | None) -> Insurer | None:
    """The insurer that has this name, or had it once."""
    if not name:
        return None
    found = session.scalar(select(Insurer).where(Insurer.name == name))
    if found is not None:
        return found
    former = select(InsurerFormerName.insurer_id).where(InsurerFormerName.name == name)
    return session.scalar(select(Insurer).where(Insurer.id.in_(former)))


def names_of(session: Session, insurer: Insurer) -> set[str]:
    """The insurer's name and those that it had."""
    former = select(InsurerFormerName.name).where(InsurerFormerName.insurer_id == insurer.id)
    return {insurer.name, *session.scalars(former)}


def listed(session: Session, text: str = "") -> list[Insurer]:
    """Insurers whose name has all the words, whatever their accents; the panel in front."""
    statement = select(Insurer).order_by(Insurer.on_panel.desc(), Insurer.name)
    for word in plain(text).split()[:WORDS]:
        statement = statement.where(Insurer.search_name.contains(word, autoescape=True))
    return list(session.scalars(statement))


def _rename(session: Session, insurer: Insurer, name: str) -> None:
    again = session.get(InsurerFormerName, name)
    if again is not None:
        session.delete(again)
    session.add(InsurerFormerName(name=insurer.name, insurer_id=insurer.id))
    insurer.name = name


def _checked(
    session: Session, entry: InsurerEntry, website: str, insurer: Insurer | None
) -> str | None:
    wrong: dict[str, list[FieldError]] = {}
    if not entry.name:
        wrong["name"] = [FieldError("required")]
    elif _taken(session, entry.name, insurer):
        wrong["name"] = [FieldError("insurerNameTaken")]
    if entry.kind not in set(InsurerKind):
        wrong["kind"] = [FieldError("option")]
    if website and not WEBSITE.fullmatch(website):
        wrong["website"] = [FieldError("website")]
    phone = checked_phone(entry.email, entry.phone, wrong)
    if wrong:
        raise FormRejected(wrong)
    return phone


def _taken(session: Session, name: str, insurer: Insurer | None) -> bool:
    own = insurer.id if insurer is not None else None
    here = select(Insurer.id, Insurer.name)
    before = select(InsurerFormerName.insurer_id, InsurerFormerName.name)
    return any(
        id_ != own and plain(there) == plain(name)
        for statement in (here, before)
        for id_, there in session.execute(statement)
    )


def _with_scheme(website: str) -> str:
    return website if not website or "://" in website else f"https://{website}"
