"""Two records of one client become one, with everything that belongs to them, and can be parted."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Column, select
from sqlalchemy.orm import Session

from broker_crm import clock, process
from broker_crm.crm import duplicates, merging, unmerging
from broker_crm.crm.cases import start_case
from broker_crm.crm.client_references import MOVES, STAYS
from broker_crm.crm.merging import MergeRefused
from broker_crm.crm.models import (
    AuditEntry,
    Campaign,
    CampaignRecipient,
    Claim,
    Client,
    Consent,
    ContactPerson,
    DataRequest,
    DatedLead,
    Document,
    InsuredObject,
    Insurer,
    Interaction,
    Meeting,
    NeedsRecord,
    Offer,
    Opportunity,
    Policy,
    Product,
    Quote,
    RenewalStart,
)
from broker_crm.crm.permissions import may_send_marketing
from broker_crm.crm.policies import instalments_of
from broker_crm.db import new_id
from broker_crm.process.models import ProcessInstance, UserTask
from broker_crm.schema import METADATA


def a_client(session: Session, name: str, **values: Any) -> Client:
    client = Client(
        **{
            "kind": "legal",
            "name": name,
            "search_name": name.lower(),
            "owner": "jonas",
            "created_at": clock.now(),
            **values,
        }
    )
    session.add(client)
    session.flush()
    return client


def two(session: Session, **values: Any) -> tuple[Client, Client]:
    kept = a_client(session, "UAB „Ąžuolas“", email="info@azuolas.example")
    return kept, a_client(session, "Ąžuolas, UAB", phone="+37061200000", **values)


def furnish(session: Session, client: Client) -> ProcessInstance:
    """A row of every kind that belongs to a client."""
    now = clock.now()
    product = session.scalars(select(Product).where(Product.key == "liability")).one()
    session.add(Consent(client_id=client.id, channel="any", given_at=now, evidence="x"))
    session.flush()
    variables = {"clientId": client.id, "productId": product.id}
    case = start_case(session, "new-client-sale", variables, by="jonas").instance
    insurer = session.scalars(select(Insurer)).first()
    campaign = session.scalars(select(Campaign)).first() or Campaign(
        name="K", product_id=product.id, letter_a="a", created_at=now
    )
    session.add(campaign)
    session.flush()
    assert insurer is not None
    own: dict[str, Any] = {"client_id": client.id}
    policy = Policy(
        **own,
        number=f"P-{client.id}",
        insurer_id=insurer.id,
        product_id=product.id,
        starts_on=now.date(),
        ends_on=now.date() + timedelta(days=300),
        premium=Decimal(100),
        commission_percent=Decimal(10),
        created_at=now,
    )
    session.add(policy)
    session.flush()
    session.add_all(instalments_of(policy))
    session.add_all(
        [
            ContactPerson(**own, first_name="Ona", surname="Ąžuolienė"),
            InsuredObject(**own, kind="vehicle", name="A"),
            DatedLead(**own, product_id=product.id, ends_on=now.date(), created_at=now),
            Interaction(**own, kind="note", at=now, text="x"),
            Meeting(**own, organiser="jonas", title="x", starts_at=now, created_at=now),
            NeedsRecord(**own, recorded_at=now),
            Offer(**own, instance_id=case.id, version=1, prepared_at=now),
            Quote(**own, insurer_id=insurer.id, product_id=product.id, asked_at=now),
            CampaignRecipient(**own, campaign_id=campaign.id),
            Claim(**own, policy_id=policy.id, happened_on=now.date(), reported_on=now.date()),
            Opportunity(
                **own,
                kind="up-sell",
                rule="r",
                evidence_key="e",
                argument="x",
                score=1,
                found_at=now,
            ),
            Document(
                **own,
                id=new_id(),
                kind="attachment",
                file_name="a.txt",
                media_type="text/plain",
                size=1,
                sha256="0" * 64,
                created_at=now,
            ),
            DataRequest(
                **own,
                kind="access",
                requester="x",
                channel="email",
                received_on=now.date(),
                due_on=now.date(),
                registered_at=now,
                registered_by="compliance",
            ),
        ]
    )
    session.flush()
    return case


def work_on(session: Session, case: ProcessInstance, note: str, email: str) -> None:
    """The introduction letter is written, the client does not answer the first call."""
    letter = {
        "introLetterOutcome": "send",
        "letterLanguage": "lt",
        "recipientEmail": email,
        "letterNote": note,
    }
    for values in (letter, {"firstCallOutcome": "no-answer", "notes": note}):
        task = session.scalars(
            select(UserTask).where(UserTask.instance_id == case.id, UserTask.status == "open")
        ).one()
        session.commit()
        process.complete(session, task.id, values, by=task.assignee or "jonas")
        session.commit()


def belongings(session: Session, client: Client) -> dict[str, int]:
    session.flush()
    found = {}
    for column in MOVES:
        rows = session.execute(select(column).where(column == client.id)).all()
        if rows:
            found[column.class_.__tablename__] = len(rows)
    return found


def test_every_column_that_names_a_client_is_moved_or_stays_for_a_reason() -> None:
    def names_a_client(column: Column[Any]) -> bool:
        return any(key.column.table.name == "client" for key in column.foreign_keys)

    known = {f"{each.class_.__tablename__}.{each.key}" for each in MOVES} | set(STAYS)
    there = {
        f"{table.name}.{column.name}"
        for table in METADATA.sorted_tables
        for column in table.columns
        if names_a_client(column)
    }
    assert there == known


def test_all_that_belongs_to_the_duplicate_moves_and_goes_back(office: Session) -> None:
    kept, merged = two(office, code="304567899", vip=True)
    case = furnish(office, merged)
    before = belongings(office, merged)
    assert len(before) == len(MOVES) - 3, "contract, complaint and letter are moved likewise"
    asked = merging.preview(office, kept.id, merged.id)
    assert asked.moves == before
    differing = {each.name: each.proposed for each in asked.choices}
    assert differing == {
        "name": "kept",
        "code": "merged",
        "email": "kept",
        "phone": "merged",
        "vip": "kept",
    }
    entry = merging.merge(
        office, kept.id, merged.id, {"name": "merged", "vip": "merged"}, by="manager"
    )
    assert belongings(office, merged) == {}
    moved = belongings(office, kept)
    assert {**moved, "interaction": moved["interaction"] - 1} == before
    assert (kept.name, kept.code, kept.vip) == ("Ąžuolas, UAB", "304567899", True)
    assert (kept.email, kept.phone) == ("info@azuolas.example", "+37061200000")
    assert (merged.merged_into, merged.code) == (kept.id, None)
    ours = select(AuditEntry.action).where(AuditEntry.client_id.in_((kept.id, merged.id)))
    assert office.scalars(ours).all() == ["merged"]
    # the case goes on for the client that is kept, and what it brings returns with it
    work_on(office, case, "Skambinta", "info@azuolas.example")
    note = office.scalars(select(Interaction).where(Interaction.kind == "call")).one()
    assert note.client_id == kept.id
    kept.region = "Neringa"
    office.flush()
    unmerging.undo(office, entry.id, by="manager")
    office.refresh(note)
    assert note.client_id == merged.id
    back = belongings(office, merged)
    assert back["letter"] == 1
    grown = ("interaction", "user_task", "letter")
    assert {name: count for name, count in back.items() if name not in grown} == {
        name: count for name, count in before.items() if name not in grown
    }
    assert (kept.name, kept.code, kept.vip, kept.region) == (
        "UAB „Ąžuolas“",
        None,
        False,
        "Neringa",
    )
    assert (merged.merged_into, merged.code) == (None, "304567899")
    with pytest.raises(MergeRefused) as refused:
        unmerging.undo(office, entry.id, by="manager")
    assert refused.value.code == "undone"
    office.commit()


@pytest.mark.parametrize("which", ["kept", "merged"])
@pytest.mark.parametrize("how", ["withdrawn", "do-not-contact", "restricted", "by phone only"])
def test_the_stricter_permission_counts(office: Session, which: str, how: str) -> None:
    pair = dict(zip(("kept", "merged"), two(office, status="active"), strict=True))
    now = clock.now()
    for client in pair.values():
        client.status = "prospect"
        office.add(Consent(client_id=client.id, channel="any", given_at=now, evidence="x"))
    office.flush()
    strict = pair[which]
    own = office.scalars(select(Consent).where(Consent.client_id == strict.id)).one()
    if how == "do-not-contact":
        strict.do_not_contact = True
    elif how == "restricted":
        strict.restricted_at = now
    else:
        own.withdrawn_at = now
        own.channel = "phone" if how == "by phone only" else "any"
    office.flush()
    entry = merging.merge(office, pair["kept"].id, pair["merged"].id, {}, by="manager")
    assert not may_send_marketing(office, pair["kept"])
    assert not may_send_marketing(office, pair["merged"])
    unmerging.undo(office, entry.id, by="manager")
    lenient = pair["merged" if which == "kept" else "kept"]
    assert may_send_marketing(office, lenient) and not may_send_marketing(office, strict)


def test_a_campaign_writes_once_and_twins_among_contacts_are_kept_once(office: Session) -> None:
    kept, merged = two(office)
    for client in (kept, merged):
        furnish(office, client)
    entry = merging.merge(office, kept.id, merged.id, {}, by="manager")
    rows = office.scalars(select(CampaignRecipient)).all()
    assert sorted((each.client_id == kept.id, each.state) for each in rows) == [
        (False, "excluded"),
        (True, "waiting"),
    ]
    office.refresh(kept)
    assert [each.surname for each in kept.contacts] == ["Ąžuolienė"]
    unmerging.undo(office, entry.id, by="manager")
    assert {each.state for each in rows} == {"waiting"}
    office.refresh(merged)
    assert [each.surname for each in merged.contacts] == ["Ąžuolienė"]


@pytest.mark.parametrize("why", ["same", "missing", "merged", "erased", "changed"])
def test_what_cannot_be_merged_is_refused(office: Session, why: str) -> None:
    kept, merged = two(office)
    kept_id, merged_id, seen = kept.id, merged.id, None
    if why == "same":
        merged_id = kept_id
    elif why == "missing":
        merged_id = 99_999
    elif why == "merged":
        third = a_client(office, "Trečias")
        merging.merge(office, third.id, merged_id, {}, by="manager")
    elif why == "erased":
        kept.erased_at = clock.now()
    else:
        seen = merging.preview(office, kept_id, merged_id).mark
        merged.email = "naujas@azuolas.example"
    office.flush()
    with pytest.raises(MergeRefused) as refused:
        merging.merge(office, kept_id, merged_id, {}, by="manager", seen=seen)
    assert refused.value.code == why
    office.rollback()


@pytest.mark.parametrize("why", ["mergedOn", "renewed", "codeTaken"])
def test_what_cannot_be_parted_says_why(office: Session, why: str) -> None:
    kept, merged = two(office, code="304567899")
    case = furnish(office, merged)
    entry = merging.merge(office, kept.id, merged.id, {"code": "kept"}, by="manager")
    third = a_client(office, "Trečias")
    if why == "mergedOn":
        merging.merge(office, third.id, kept.id, {}, by="manager")
        assert merged.merged_into == third.id
    elif why == "codeTaken":
        kept.code = None
        office.flush()
        third.code = "304567899"
    else:
        policy = office.scalars(select(Policy).where(Policy.client_id == kept.id)).one()
        other = start_case(
            office, "renewal", {"clientId": kept.id, "productId": policy.product_id}, by="jonas"
        )
        assert other.instance.id != case.id
        assert office.get(RenewalStart, policy.id) is not None
    office.flush()
    with pytest.raises(MergeRefused) as refused:
        unmerging.undo(office, entry.id, by="manager")
    assert refused.value.code == why and refused.value.place
    office.rollback()


def test_a_case_for_the_duplicate_starts_for_the_client_that_is_kept(office: Session) -> None:
    kept, merged = two(office)
    merging.merge(office, kept.id, merged.id, {}, by="manager")
    product = office.scalars(select(Product).where(Product.key == "liability")).one()
    asked = {"clientId": merged.id, "productId": product.id}
    assert start_case(office, "new-client-sale", asked, by="jonas").instance.client_id == kept.id


@pytest.mark.parametrize(
    ("one", "other", "reasons"),
    [
        ({"name": "UAB „Rasa“"}, {"name": "Rasa, UAB"}, ["company-name"]),
        ({"name": "Uždaroji akcinė bendrovė RASA"}, {"name": "UAB Rasa"}, ["company-name"]),
        ({"name": "Žąsų giria"}, {"name": "??s? giria"}, ["lost-letters"]),
        ({"name": "A", "vat_code": "LT1"}, {"name": "B", "vat_code": "LT1"}, ["vat-code"]),
        (
            {"name": "Jonas Rasa", "kind": "natural", "email": "J@x.example"},
            {"name": "J. Rasa", "kind": "natural", "email": "j@X.example", "phone": "+3706"},
            ["email"],
        ),
        (
            {"name": "A", "phone": "+37060000001"},
            {"name": "B", "phone": "+37060000001"},
            ["phone"],
        ),
        ({"name": "Jonas Rasa", "kind": "natural"}, {"name": "Jonas Rasa", "kind": "natural"}, []),
        ({"name": "UAB Rasa"}, {"name": "UAB Rūta"}, []),
    ],
)
def test_likely_pairs_are_found_with_their_reasons(
    office: Session, one: dict[str, str], other: dict[str, str], reasons: list[str]
) -> None:
    first, second = a_client(office, **one), a_client(office, **other)
    found = [
        pair
        for pair in duplicates.likely_pairs(office)
        if {pair.first.id, pair.second.id} == {first.id, second.id}
    ]
    assert [pair.reasons for pair in found] == ([reasons] if reasons else [])
    of_one = duplicates.likely_pairs(office, first.id)
    assert [pair.reasons for pair in of_one] == ([reasons] if reasons else [])
    duplicates.tell_apart(office, second.id, first.id, by="manager")
    duplicates.tell_apart(office, first.id, second.id, by="manager")
    assert duplicates.likely_pairs(office, first.id) == []
    third = a_client(office, "Visai kitas")
    merging.merge(office, third.id, first.id, {"name": "merged"}, by="manager")
    assert duplicates.likely_pairs(office, third.id) == []
