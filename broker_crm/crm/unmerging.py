"""Parts two records again that were made one, unless something since then prevents it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm import audit
from broker_crm.crm.client_references import move_back
from broker_crm.crm.merging import DUPLICATE, MergeRefused, lock_clients, stored
from broker_crm.crm.models import (
    CampaignRecipient,
    Client,
    ClientDistinction,
    ClientMerge,
    Consent,
    ContactPerson,
    Interaction,
    Policy,
    RenewalStart,
)
from broker_crm.process.plain_text import plain


def undo(session: Session, merge_id: int, *, by: str) -> ClientMerge:
    """Part two records: rows go back with what their cases and policies have got since; fields
    that were changed again since the merge stay as they are.

    Args:
        session: the caller commits.
        merge_id: of the merge.
        by: login.

    Raises:
        MergeRefused: something prevents it; nothing has changed.
    """
    entry = session.get(ClientMerge, merge_id, with_for_update=True)
    if entry is None:
        raise MergeRefused("missing")
    lock_clients(session, (entry.kept_id, entry.merged_id))
    refusal = prevented(session, entry)
    if refusal is not None:
        raise refusal
    kept = session.get_one(Client, entry.kept_id)
    merged = session.get_one(Client, entry.merged_id)
    moved = entry.moved
    merged.merged_into = None
    session.flush()
    session.execute(
        update(Client).where(Client.id.in_(moved["turned"])).values(merged_into=merged.id)
    )
    count = move_back(session, moved["rows"], kept.id, merged.id)
    _restore_fields(session, kept, merged, moved["client"])
    _restore_records(session, moved)
    entry.undone_at, entry.undone_by = clock.now(), by
    text = f"{merged.name} (#{merged.id})"
    session.add(
        Interaction(client_id=kept.id, kind="unmerge", at=clock.now(), author=by, text=text)
    )
    session.flush()
    audit.note(session, "unmerged", kept.id, by=by, merge=entry.id, duplicate=merged.id, rows=count)
    return entry


def prevented(session: Session, entry: ClientMerge) -> MergeRefused | None:
    """Why a merge can't be undone; None when it can."""
    if entry.undone_at is not None:
        return MergeRefused("undone")
    kept = session.get_one(Client, entry.kept_id)
    merged = session.get_one(Client, entry.merged_id)
    if kept.erased_at is not None or merged.erased_at is not None:
        return MergeRefused("erased", kept.name)
    if kept.merged_into is not None:
        return MergeRefused("mergedOn", session.get_one(Client, kept.merged_into).name)
    policies = entry.moved["rows"].get("policy", [])
    cases = [UUID(each) for each in entry.moved["rows"].get("process_instance", [])]
    renewed = session.scalars(
        select(Policy.number)
        .join(RenewalStart, RenewalStart.policy_id == Policy.id)
        .where(Policy.id.in_(policies), RenewalStart.instance_id.not_in(cases))
        .order_by(Policy.number)
    ).first()
    if renewed is not None:
        return MergeRefused("renewed", renewed)
    for name, (before, _after) in entry.moved["client"]["merged"].items():
        column = getattr(Client, name)
        holder = session.scalars(
            select(Client).where(column == before, Client.id != kept.id)
        ).first()
        if holder is not None:
            return MergeRefused("codeTaken", holder.name)
    return None


def _restore_fields(
    session: Session,
    kept: Client,
    merged: Client,
    changed: Mapping[str, Mapping[str, list[Any]]],
) -> None:
    for name, (before, after) in changed["kept"].items():
        if stored(getattr(kept, name)) == after:
            setattr(kept, name, _loaded(name, before))
    kept.search_name = plain(kept.name)[:200]
    session.flush()
    for name, (before, _after) in changed["merged"].items():
        if getattr(kept, name) == before:
            setattr(kept, name, None)
            session.flush()
        setattr(merged, name, before)
    session.flush()


def _restore_records(session: Session, moved: Mapping[str, Any]) -> None:
    session.execute(
        update(Consent)
        .where(Consent.id.in_(moved["consents"]), Consent.withdrawn_evidence == DUPLICATE)
        .values(withdrawn_at=None, withdrawn_by=None, withdrawn_evidence=None)
    )
    session.execute(
        update(ContactPerson).where(ContactPerson.id.in_(moved["ended"])).values(ended_at=None)
    )
    session.execute(
        update(CampaignRecipient)
        .where(
            CampaignRecipient.id.in_(moved["excluded"]),
            CampaignRecipient.state == "excluded",
            CampaignRecipient.reason == DUPLICATE,
        )
        .values(state="waiting", reason=None)
    )
    for first, second in moved["distinctions"]:
        session.execute(
            delete(ClientDistinction).where(
                ClientDistinction.first_id == first, ClientDistinction.second_id == second
            )
        )
    session.expire_all()


def _loaded(name: str, value: Any) -> Any:
    if isinstance(value, str) and name == "birth_date":
        return date.fromisoformat(value)
    if isinstance(value, str) and name == "restricted_at":
        return datetime.fromisoformat(value)
    return value
