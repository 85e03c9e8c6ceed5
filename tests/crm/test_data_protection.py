"""What the law gives to persons: their data is exported, restricted, erased; terms are kept."""

from __future__ import annotations

import json
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import JSON, Engine, LargeBinary, String, func, select, text
from sqlalchemy.orm import Session

from broker_crm import clock, process, settings
from broker_crm.crm import (
    data_export,
    data_requests,
    erasure,
    files,
    merging,
    permissions,
    personal_codes,
    retention,
)
from broker_crm.crm.anonymising import Words, anonymous
from broker_crm.crm.data_requests import Registration, RequestClosed, months_after
from broker_crm.crm.erased_columns import CLIENT_COLUMNS, DELETED, EMPTIED, KEPT, REWRITTEN
from broker_crm.crm.erasure import ErasureRefused
from broker_crm.crm.models import (
    AuditEntry,
    Claim,
    Client,
    Complaint,
    Consent,
    ContactPerson,
    InsuredObject,
    Interaction,
    Meeting,
    Offer,
    Policy,
)
from broker_crm.db import sessions
from broker_crm.definitions.forms import FormRejected
from broker_crm.engine import commands as engine
from broker_crm.integrity import broken
from broker_crm.outreach.deliver import deliver_due
from broker_crm.outreach.models import Letter, OutboxEntry
from broker_crm.people import saved_views
from broker_crm.people.models import User
from broker_crm.process.models import ProcessEvent, ProcessInstance, UserTask
from broker_crm.schema import METADATA
from tests.conftest import MONDAY
from tests.crm.test_merging import a_client, furnish, work_on

CODE = "33309240064"
SECRETS = ("kgz777", "kregzd", "bitin", "37061299", "kregzde@", "33309240064", "serga", "svajoni")
"""Plain pieces of the person's name, address, telephone, code, and of what was written."""


def a_person(session: Session) -> Client:
    client = a_client(
        session,
        "Bitinė Kregždienė",
        kind="natural",
        email="kregzde@pastas.example",
        phone="+37061299999",
        address="Svajonių g. 7",
    )
    session.add(
        ContactPerson(
            client_id=client.id,
            first_name="Bitinė",
            surname="Kregždienė",
            email="kregzde@pastas.example",
            role="self",
        )
    )
    personal_codes.write(session, client, CODE, by="jonas")
    session.refresh(client)
    return client


def with_history(session: Session) -> tuple[Client, ProcessInstance]:
    """A person with a duplicate, a called case with a letter and a file, all of it over."""
    client = a_person(session)
    twin = a_client(session, "Kregždienė Bitinė", kind="natural", email="bitine@kitas.example")
    case = furnish(session, twin)
    merging.merge(session, client.id, twin.id, {}, by="manager")
    session.commit()
    note = "Kregždienė serga, skambinti +37061299999"
    work_on(session, case, note, "kregzde@pastas.example")
    bind = session.get_bind()
    assert isinstance(bind, Engine)
    deliver_due(sessions(bind), settings.load({}))
    for insured in session.scalars(select(InsuredObject)):
        if insured.client_id == client.id:
            insured.name, insured.plate = "Kregždienės automobilis", "KGZ 777"
    for meeting in session.scalars(select(Meeting)):
        meeting.invited_email = "kregzde@pastas.example"
    for offer in session.scalars(select(Offer).where(Offer.client_id == client.id)):
        offer.deviation_reason = "Kregždienė serga"
    place = files.Place(case.id, None, client.id)
    upload = files.Upload("kregzde.txt", b"Kregzdiene serga")
    files.keep(session, upload, place, kind="attachment", by="jonas")
    letter = Letter(
        instance_id=None,
        client_id=client.id,
        template_key="x",
        language="lt",
        sender="crm@localhost",
        recipient="kregzde@pastas.example",
        subject="Kregždienei",
        body="Gerb. Kregždiene",
        created_at=clock.now(),
        dedup_key="1",
    )
    session.add(letter)
    session.flush()
    session.add(
        OutboxEntry(
            letter_id=letter.id,
            state="sent",
            message_id=f"<{letter.id}@localhost>",
            next_attempt_at=clock.now(),
            sent_at=clock.now(),
            server_reply="kregzde@pastas.example: OK",
        )
    )
    process.cancel(session, case.id, "Kregždienė persigalvojo", by="manager")
    query = "client=bitin%C4%97+kreg%C5%BEdien%C4%97&status=all"
    saved_views.save(session, session.get_one(User, "jonas"), "instances", "Kl.", query, "own")
    passed = select(ProcessEvent).where(ProcessEvent.kind == "element-passed")
    gateway = session.scalars(passed.where(ProcessEvent.instance_id == case.id)).first()
    assert gateway is not None
    read = {"client": {"name": "Kregždienė", "kind": "natural"}, "notes": "Kregždienė serga"}
    gateway.value = {"flows": ["f"], "weighed": {"f": True}, "with": read}
    session.commit()
    session.expire_all()
    return client, session.get_one(ProcessInstance, case.id)


def close_all(session: Session, client: Client, years: int = 11) -> None:
    """Let the time of all that must be kept pass."""
    past = clock.now().date() - timedelta(days=366 * years)
    for policy in session.scalars(select(Policy).where(Policy.client_id == client.id)):
        policy.starts_on, policy.ends_on, policy.status = past, past, "expired"
    for claim in session.scalars(select(Claim).where(Claim.client_id == client.id)):
        claim.closed_on = past
    session.commit()


def everything(session: Session) -> str:
    """The whole database as one plain text, states of cases opened."""
    found = []
    for table in METADATA.sorted_tables:
        if table.name in ("resource", "process_version", "user_account"):
            continue
        for row in session.execute(select(table)).mappings():
            values = dict(row)
            if table.name == "process_instance":
                values["state"] = json.dumps(engine.variables(values["state"], values["id"]))
            found += [f"{table.name}.{name}: {value}" for name, value in values.items()]
    from broker_crm.process.plain_text import plain

    return plain("\n".join(found))


def test_an_erased_person_is_nowhere_in_the_database_and_all_is_sound(office: Session) -> None:
    def events() -> int | None:
        return office.scalar(
            select(func.count()).select_from(ProcessEvent).where(ProcessEvent.kind != "data-erased")
        )

    client, case = with_history(office)
    before = everything(office)
    assert all(secret in before for secret in SECRETS if secret != CODE)
    close_all(office, client)
    counted = events()
    erasure.erase_client(office, client.id, by="compliance", asked=True)
    office.commit()
    after = everything(office)
    for secret in SECRETS:
        assert [line for line in after.splitlines() if secret in line] == []
    office.expire_all()
    assert events() == counted
    assert client.erased_at is not None and client.name == f"[{client.id}]"
    assert (case.outcome, case.title.endswith(f"[{client.id}]")) == ("cancelled", True)
    variables = process.instance_variables(office, case.id)
    assert variables["clientKind"] == "natural" and variables["client"]["email"] == ""
    done = select(UserTask.outcome).where(UserTask.instance_id == case.id)
    for row in office.scalars(select(Letter)):
        assert (row.body, row.recipient) == ("", "")
    assert "no-answer" in office.scalars(done).all()
    kept = [each for each in office.scalars(select(ProcessEvent.value)) if "with" in (each or ())]
    ours = next(each for each in kept if "f" in each["weighed"])
    assert ours["weighed"] == {"f": True} and ours["with"]["client"]["kind"] == "natural"
    assert broken(office) == []
    told = select(ProcessEvent).where(ProcessEvent.kind == "data-erased")
    assert {(each.instance_id, each.actor) for each in office.scalars(told)} == {
        (each, "compliance")
        for each in office.scalars(
            select(ProcessInstance.id).where(ProcessInstance.client_id == client.id)
        )
    }
    erasure.erase_client(office, client.id, by="compliance", asked=True)
    assert office.scalars(select(AuditEntry).where(AuditEntry.action == "erased")).one()


def test_every_column_that_may_hold_words_says_what_becomes_of_it() -> None:
    """Of tables that belong to a client, a case or another of the client's records."""
    named = {"client", "process_instance", "policy", "offer", "offer_line", "contract", "claim"}
    named |= {"complaint", "letter", "document", "quote", "meeting", "campaign_recipient"}
    emptied = {table.__tablename__: set(columns) for table, columns in EMPTIED.items()}
    for table in METADATA.sorted_tables:
        targets = {key.column.table.name for each in table.columns for key in each.foreign_keys}
        if not targets & named or table.name in DELETED:
            continue
        words = {
            each.name
            for each in table.columns
            if isinstance(each.type, (String, JSON, LargeBinary)) and not each.foreign_keys
        }
        told = emptied.get(table.name, set()) | set(REWRITTEN.get(table.name, ()))
        if table.name == "client":
            told |= set(CLIENT_COLUMNS)
        kept = set(KEPT.get(table.name, ()))
        assert told & kept == set() and words - told - kept == set(), table.name
        assert kept - words == set(), f"{table.name}: no such columns"


@pytest.mark.parametrize(
    "why",
    [
        "open-case",
        "policy-in-force",
        "contract",
        "open-claim",
        "claim",
        "open-complaint",
        "complaint",
        "letter-on-its-way",
        "kyc",
    ],
)
def test_erasure_is_refused_with_the_reason_and_its_end(office: Session, why: str) -> None:
    client, case = with_history(office)
    close_all(office, client)
    now = clock.now()
    policy = office.scalars(select(Policy).where(Policy.client_id == client.id)).one()
    claim = office.scalars(select(Claim).where(Claim.client_id == client.id)).one()
    if why == "open-case":
        case.status, case.ended_at = "active", None
    elif why == "policy-in-force":
        policy.status, policy.ends_on = "active", now.date() + timedelta(days=3)
    elif why == "contract":
        policy.ends_on = now.date() - timedelta(days=400)
    elif why == "open-claim":
        claim.closed_on = None
    elif why == "claim":
        claim.closed_on = now.date()
    elif why.endswith("complaint"):
        office.add(
            Complaint(
                register_number="2026-0001",
                client_id=client.id,
                received_on=now.date(),
                registered_at=now,
                channel="email",
                complainant="x",
                subject="delay",
                acknowledge_by=now,
                internal_answer_by=now,
                answer_by=now,
                extended_answer_by=now,
                closed_at=None if why == "open-complaint" else now,
            )
        )
    elif why == "letter-on-its-way":
        entry = office.scalars(select(OutboxEntry)).all()[-1]
        entry.state, entry.sent_at = "queued", None
    else:
        task = office.scalars(
            select(UserTask).where(UserTask.instance_id == case.id, UserTask.status == "completed")
        ).all()[-1]
        task.step = "kyc"
    office.flush()
    with pytest.raises(ErasureRefused) as refused:
        erasure.erase_client(office, client.id, by="compliance", asked=True)
    reasons = {each.code: each.until for each in refused.value.reasons}
    assert why in reasons
    assert (reasons[why] is None) == (why.startswith("open-") or why == "letter-on-its-way")
    assert client.name == "Bitinė Kregždienė"
    office.rollback()


def test_an_export_holds_all_and_no_secrets_of_ours(office: Session) -> None:
    client, case = with_history(office)
    found = data_export.export(office, client.id, by="compliance")
    as_text = json.dumps(found, ensure_ascii=False)
    assert found["client"]["personal_code"] == CODE
    assert found["merged_duplicates"][0]["email"] == "bitine@kitas.example"
    for told in ("Gerb. Kregždiene", "Kregždienė serga", "kregzde.txt", f"P-{case.client_id}"):
        assert told in as_text or told.startswith("P-")
    assert [row["number"] for row in found["policy"]]
    assert found["process_instance"][0]["variables"]["client"]["name"]
    assert "personal_code_sealed" not in as_text and "personal_code_mark" not in as_text
    entry = office.scalars(select(AuditEntry).where(AuditEntry.action == "exported")).one()
    assert entry.actor == "compliance" and "kregž" not in json.dumps(entry.detail)


def test_the_register_counts_one_month_and_does_what_is_granted(office: Session) -> None:
    before = data_requests.counts(office)
    client = a_person(office)
    day = date(2026, 10, 31)
    asked = Registration("erasure", "Bitinė", "email", day, client.id, "by her passport", "Prašau")
    request = data_requests.register(office, asked, by="jonas")
    assert request.due_on == date(2026, 11, 30)
    assert data_requests.counts(office) == {"open": before["open"] + 1, "overdue": 0}
    with pytest.raises(FormRejected):
        data_requests.extend(office, request.id, " ", by="compliance")
    data_requests.extend(office, request.id, "Many records", by="compliance")
    assert request.due_on == date(2027, 1, 31)
    with pytest.raises(FormRejected):
        data_requests.extend(office, request.id, "Still more", by="compliance")
    with pytest.raises(FormRejected):
        data_requests.decide(office, request.id, "", granted=True, by="compliance")
    data_requests.decide(office, request.id, "Erased", granted=True, by="compliance")
    office.refresh(client)
    assert client.erased_at is not None and request.requester == ""
    with pytest.raises(RequestClosed):
        data_requests.decide(office, request.id, "No", granted=False, by="compliance")
    wrong = Registration("x", "", "pigeon", MONDAY.date() + timedelta(days=9))
    with pytest.raises(FormRejected) as refused:
        data_requests.register(office, wrong, by="jonas")
    assert set(refused.value.errors) == {"kind", "requester", "channel", "received_on"}
    assert months_after(date(2027, 11, 30), 3) == date(2028, 2, 29)


@pytest.mark.parametrize("kind", ["restriction", "objection"])
def test_who_objects_or_restricts_gets_no_offers(office: Session, kind: str) -> None:
    client = a_person(office)
    client.status = "active"
    permissions.give(office, client, channel="any", evidence="x", by="jonas")
    assert permissions.may_send_marketing(office, client)
    asked = Registration(kind, "Bitinė", "phone", MONDAY.date(), client.id)
    request = data_requests.register(office, asked, by="jonas")
    data_requests.decide(office, request.id, "Done", granted=True, by="compliance")
    assert not permissions.may_send_marketing(office, client)
    if kind == "restriction":
        data_requests.lift_restriction(office, client, by="compliance")
        assert permissions.may_send_marketing(office, client)


def test_what_is_over_is_due_and_what_is_not_is_not(office: Session) -> None:
    client, case = with_history(office)
    close_all(office, client)
    old = clock.now() - timedelta(days=366 * 12)

    def due() -> set[tuple[str, str]]:
        return {(each.kind, each.key) for each in retention.due(office)}

    assert ("client", str(client.id)) not in due()
    for own in (client.id, *retention.of_client(office, client.id)):
        office.get_one(Client, own).created_at = old
    for table in (Interaction, Consent):
        for row in office.scalars(select(table).where(table.client_id == client.id)):
            setattr(row, "at" if table is Interaction else "given_at", old)
    office.flush()
    assert ("client", str(client.id)) not in due(), "the case ended today"
    case.started_at = case.ended_at = old
    consent = office.scalars(select(Consent).where(Consent.client_id == client.id)).one()
    consent.withdrawn_at = old
    for offer in office.scalars(select(Offer).where(Offer.client_id == client.id)):
        offer.prepared_at = old
    office.flush()
    found = due()
    assert {("client", str(client.id)), ("case", str(case.id)), ("consent", str(consent.id))} <= (
        found
    )
    retention.change_period(office, "client", 40, "Own rule", by_law=False, by="compliance")
    assert ("client", str(client.id)) not in due()
    for years, source in ((0, "x"), (101, "x"), (None, "x"), (3, " ")):
        with pytest.raises(FormRejected):
            retention.change_period(office, "client", years, source, by_law=False, by="admin")
    erasure.erase_case(office, case.id, by="compliance")
    assert ("case", str(case.id)) not in due()
    office.rollback()


def test_personal_codes_lie_sealed_and_each_look_is_noted(office: Session) -> None:
    client = a_person(office)
    office.commit()
    row = office.execute(
        text("SELECT personal_code_sealed, personal_code_mark FROM client WHERE id = :id"),
        {"id": client.id},
    ).one()
    assert CODE not in str(row) and client.birth_date == date(1933, 9, 24)
    assert personal_codes.look(office, client, by="asta") == CODE
    looks = select(AuditEntry.actor).where(AuditEntry.action == "personal-code-seen")
    assert office.scalars(looks).all() == ["asta"]
    other = a_client(office, "Kitas", kind="natural")
    for code in (CODE, "33309240063", "x"):
        with pytest.raises(FormRejected) as refused:
            personal_codes.write(office, other, code, by="jonas")
        assert CODE not in str(refused.value)
    assert other.personal_code_sealed is None


def test_a_withdrawn_consent_counts_for_its_channel_at_once(office: Session) -> None:
    client = a_client(office, "Kregždė", status="prospect")
    for channel in ("email", "phone"):
        permissions.give(office, client, channel=channel, evidence="x", by="jonas")
    assert permissions.may_send_marketing(office, client)
    permissions.withdraw(office, client, channel="phone", stop_all=False, by="jonas")
    assert permissions.may_send_marketing(office, client)
    permissions.withdraw(office, client, channel="email", stop_all=False, by="jonas")
    assert not permissions.may_send_marketing(office, client)
    permissions.give(office, client, channel="phone", evidence="x", by="jonas")
    assert not permissions.may_send_marketing(office, client)
    permissions.withdraw(office, client, by="jonas")
    past = clock.now() - timedelta(days=9)
    permissions.give(office, client, channel="any", evidence="old", by="jonas", given_at=past)
    assert client.do_not_contact and not permissions.may_send_marketing(office, client)
    permissions.give(office, client, channel="any", evidence="new", by="jonas")
    assert not client.do_not_contact and permissions.may_send_marketing(office, client)


def test_the_arm_of_an_experiment_is_no_personal_data() -> None:
    told = {"experiment": str(uuid4()), "arm": "b"}
    assert anonymous(told, Words([], [])) == told
