"""Makes one client of two records; the duplicate stays behind and points to the one kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm import audit
from broker_crm.crm.client_references import MOVES, move
from broker_crm.crm.models import (
    CampaignRecipient,
    Client,
    ClientDistinction,
    ClientMerge,
    ClientStatus,
    Consent,
    ContactPerson,
    Interaction,
)
from broker_crm.process.errors import CommandRefused
from broker_crm.process.models import ProcessInstance
from broker_crm.process.plain_text import plain

CHOSEN = (
    "name",
    "kind",
    "code",
    "vat_code",
    "email",
    "phone",
    "address",
    "region",
    "country",
    "language",
    "sector",
    "sector_code",
    "staff",
    "size_band",
    "turnover_band",
    "risk_class",
    "birth_date",
    "bank_account",
    "foreign_id",
    "owner",
    "deputy",
    "group_id",
    "vip",
)
"""Fields of which a person chooses whose value stays."""
SEALED = ("personal_code_sealed", "personal_code_mark")
"""Stay together; the kept record's, or the duplicate's where it has none."""
UNIQUE = ("code", "personal_code_mark")
STATUSES = (
    ClientStatus.BLOCKED,
    ClientStatus.ACTIVE,
    ClientStatus.FORMER,
    ClientStatus.PROSPECT,
)
"""The first of the two stays."""
DUPLICATE = "duplicate"


class MergeRefused(CommandRefused):
    """The two records can't be made one, or not be parted again; nothing has changed.

    Attributes:
        code: 'same', 'missing', 'merged', 'erased', 'changed'; for undoing also 'undone',
            'renewed', 'codeTaken' and 'mergedOn'.
        place: what prevents it, such as the number of a policy.
    """

    def __init__(self, code: str, place: str = "") -> None:
        super().__init__(f"{code} {place}".strip())
        self.code = code
        self.place = place


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """A field in which the records differ."""

    name: str
    kept: Any
    merged: Any

    @property
    def proposed(self) -> str:
        """'merged' where only the duplicate has a value, else 'kept'."""
        return "merged" if self.kept in (None, "") and self.merged not in (None, "") else "kept"


@dataclass(frozen=True, slots=True)
class Preview:
    kept: Client
    merged: Client
    choices: list[FieldChoice]
    moves: dict[str, int]
    """Table to the number of rows that move."""
    withdraws: int
    """Consents that end because the other record's was withdrawn."""
    mark: str
    """Changes with either record: tells whether they are still as the person saw them."""


def preview(session: Session, kept_id: int, merged_id: int) -> Preview:
    """What would become of two records.

    Raises:
        MergeRefused: when they can't be merged.
    """
    kept, merged = _both(session, kept_id, merged_id)
    moves = {}
    for column in MOVES:
        count = session.scalar(select(func.count()).where(column == merged_id)) or 0
        if count:
            moves[column.class_.__tablename__] = count
    return Preview(
        kept,
        merged,
        differing(kept, merged),
        moves,
        len(_overruled(session, kept_id, merged_id)),
        _mark(kept, merged),
    )


def differing(kept: Client, merged: Client) -> list[FieldChoice]:
    """Fields in which the records differ."""
    pairs = (FieldChoice(name, getattr(kept, name), getattr(merged, name)) for name in CHOSEN)
    return [each for each in pairs if (each.kept or None) != (each.merged or None)]


def merge(
    session: Session,
    kept_id: int,
    merged_id: int,
    choices: Mapping[str, str],
    *,
    by: str,
    seen: str | None = None,
) -> ClientMerge:
    """Make one client of two.

    Consents and requests not to be contacted of either record count for both, the stricter first.
    Cases and clients are locked in this order, as commands on cases do.

    Args:
        session: the caller commits.
        kept_id: the record that stays.
        merged_id: the duplicate.
        choices: field to 'kept' or 'merged'; by default the value that is there.
        by: login.
        seen: `Preview.mark` of what the person saw.

    Raises:
        MergeRefused: nothing has changed.
    """
    lock_clients(session, (kept_id, merged_id))
    kept, merged = _both(session, kept_id, merged_id)
    if seen is not None and seen != _mark(kept, merged):
        raise MergeRefused("changed")
    overruled = _overruled(session, kept_id, merged_id)
    moved: dict[str, Any] = {
        "rows": move(session, merged_id, kept_id),
        "turned": _turn(session, merged_id, kept_id),
        "distinctions": _repeat_distinctions(session, kept_id, merged_id),
        "consents": _withdraw(session, overruled, by),
        "ended": _end_twins(session, kept_id, merged_id),
        "excluded": _exclude(session, kept_id, merged_id),
    }
    session.refresh(kept)
    session.refresh(merged)
    moved["client"] = _settle_fields(session, kept, merged, choices)
    merged.merged_into = kept.id
    entry = ClientMerge(kept_id=kept.id, merged_id=merged.id, at=clock.now(), by=by, moved=moved)
    session.add(entry)
    session.add(
        Interaction(
            client_id=kept.id,
            kind="merge",
            at=clock.now(),
            author=by,
            text=f"{merged.name} (#{merged.id})",
        )
    )
    session.flush()
    audit.note(
        session,
        "merged",
        kept.id,
        by=by,
        merge=entry.id,
        duplicate=merged.id,
        fields=sorted(moved["client"]["kept"]),
    )
    return entry


def survivor(session: Session, client: Client) -> Client:
    """The client itself, or the one that took over its history."""
    while client.merged_into is not None:
        client = session.get_one(Client, client.merged_into)
    return client


def lock_clients(session: Session, ids: Iterable[int]) -> None:
    wanted = sorted(ids)
    session.execute(
        select(ProcessInstance.id)
        .where(ProcessInstance.client_id.in_(wanted))
        .order_by(ProcessInstance.id)
        .with_for_update()
    ).all()
    session.scalars(
        select(Client)
        .where(Client.id.in_(wanted))
        .order_by(Client.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _both(session: Session, kept_id: int, merged_id: int) -> tuple[Client, Client]:
    if kept_id == merged_id:
        raise MergeRefused("same")
    kept, merged = session.get(Client, kept_id), session.get(Client, merged_id)
    if kept is None or merged is None:
        raise MergeRefused("missing")
    for each in (kept, merged):
        if each.merged_into is not None:
            raise MergeRefused("merged", each.name)
        if each.erased_at is not None:
            raise MergeRefused("erased", each.name)
    return kept, merged


def _mark(*clients: Client) -> str:
    values = [
        [getattr(each, name) for name in (*CHOSEN, *SEALED, "do_not_contact", "status")]
        for each in clients
    ]
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]


def _overruled(session: Session, kept_id: int, merged_id: int) -> list[Consent]:
    """Consents in force of one record where the other one's was withdrawn for the same purpose."""
    now = clock.now()
    found = session.scalars(
        select(Consent).where(Consent.client_id.in_((kept_id, merged_id))).order_by(Consent.id)
    ).all()
    valid = [each for each in found if each.withdrawn_at is None or each.withdrawn_at > now]
    granted = {(each.client_id, each.purpose, each.channel) for each in valid}
    refused = [
        each
        for each in found
        if each not in valid and (each.client_id, each.purpose, each.channel) not in granted
    ]
    return [
        each
        for each in valid
        if any(
            other.client_id != each.client_id
            and other.purpose == each.purpose
            and (other.channel == each.channel or "any" in (other.channel, each.channel))
            for other in refused
        )
    ]


def _withdraw(session: Session, consents: list[Consent], by: str) -> list[int]:
    for consent in consents:
        consent.withdrawn_at, consent.withdrawn_by = max(clock.now(), consent.given_at), by
        consent.withdrawn_evidence = DUPLICATE
    session.flush()
    return [consent.id for consent in consents]


def _turn(session: Session, merged_id: int, kept_id: int) -> list[int]:
    """Earlier duplicates of the duplicate point straight to the record that is kept."""
    ids = list(session.scalars(select(Client.id).where(Client.merged_into == merged_id)))
    session.execute(update(Client).where(Client.id.in_(ids)).values(merged_into=kept_id))
    return ids


def _repeat_distinctions(session: Session, kept_id: int, merged_id: int) -> list[list[int]]:
    """Whoever is another client than the duplicate is another than the kept one, too."""
    known = session.scalars(
        select(ClientDistinction).where(
            or_(ClientDistinction.first_id == merged_id, ClientDistinction.second_id == merged_id)
        )
    ).all()
    added = []
    for each in known:
        other = each.second_id if each.first_id == merged_id else each.first_id
        pair = tuple(sorted((other, kept_id)))
        if other == kept_id or session.get(ClientDistinction, pair) is not None:
            continue
        session.add(ClientDistinction(first_id=pair[0], second_id=pair[1], at=each.at, by=each.by))
        added.append(list(pair))
    session.flush()
    return added


def _end_twins(session: Session, kept_id: int, merged_id: int) -> list[int]:
    """Contact persons whom both records had are kept once."""
    people = session.scalars(
        select(ContactPerson)
        .where(ContactPerson.client_id == kept_id, ContactPerson.ended_at.is_(None))
        .order_by(ContactPerson.id)
    ).all()
    seen: list[ContactPerson] = []
    ended = []
    for each in people:
        if any(_is_twin(each, other) for other in seen):
            each.ended_at = clock.now()
            ended.append(each.id)
        else:
            seen.append(each)
    session.flush()
    return ended


def _is_twin(each: ContactPerson, other: ContactPerson) -> bool:
    return (
        plain(f"{each.first_name} {each.surname}") == plain(f"{other.first_name} {other.surname}")
        and each.email in (None, "", other.email)
        and each.phone in (None, "", other.phone)
    )


def _exclude(session: Session, kept_id: int, merged_id: int) -> list[int]:
    """In a campaign that has both, the client is written to once."""
    rows = session.scalars(
        select(CampaignRecipient)
        .where(CampaignRecipient.client_id.in_((kept_id, merged_id)))
        .order_by(CampaignRecipient.id)
    ).all()
    excluded = []
    for row in rows:
        twins = [each for each in rows if each.campaign_id == row.campaign_id and each is not row]
        if row.state != "waiting" or not twins:
            continue
        if twins[0].state != "waiting" or row.client_id == merged_id:
            row.state, row.reason = "excluded", DUPLICATE
            excluded.append(row.id)
    session.flush()
    return excluded


def _settle_fields(
    session: Session, kept: Client, merged: Client, choices: Mapping[str, str]
) -> dict[str, dict[str, list[Any]]]:
    """Give the kept record the chosen values.

    Returns:
        For 'kept' and 'merged', field to the values before and after, as JSON values.
    """
    after: dict[str, Any] = {}
    for each in differing(kept, merged):
        if choices.get(each.name, each.proposed) == "merged":
            after[each.name] = each.merged
    if kept.personal_code_mark is None and merged.personal_code_mark is not None:
        after |= {name: getattr(merged, name) for name in SEALED}
    after["do_not_contact"] = kept.do_not_contact or merged.do_not_contact
    after["status"] = min(kept.status, merged.status, key=lambda each: STATUSES.index(each))
    if kept.restricted_at is None and merged.restricted_at is not None:
        after |= {
            "restricted_at": merged.restricted_at,
            "restricted_reason": merged.restricted_reason,
        }
    changed: dict[str, dict[str, list[Any]]] = {"kept": {}, "merged": {}}
    for name in UNIQUE:
        if getattr(merged, name) is not None:
            changed["merged"][name] = [getattr(merged, name), None]
            setattr(merged, name, None)
    session.flush()
    for name, value in after.items():
        before = getattr(kept, name)
        if before != value:
            changed["kept"][name] = [stored(before), stored(value)]
            setattr(kept, name, value)
    if "name" in changed["kept"]:
        kept.search_name = plain(kept.name)[:200]
    session.flush()
    return changed


def stored(value: Any) -> Any:
    """A field's value as JSON."""
    return value.isoformat() if hasattr(value, "isoformat") else value
