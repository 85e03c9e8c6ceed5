"""A contract signed through the local stand-in: sent, signed, refused, too late, overtaken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.files import Upload
from broker_crm.crm.models import Client, Contract, Document, SignatureRequest
from broker_crm.outreach.models import Letter, LetterAttachment, Notification
from broker_crm.outreach.signing import following, providers, requests
from broker_crm.process.models import UserTask

from .conftest import Site, Visitor

TERMS = {
    "contractNumber": "S-1",
    "contractStart": "2026-12-01",
    "contractEnd": "2027-11-30",
    "contractPremium": 1200,
    "contractDeductible": 300,
    "contractInstalments": 2,
    "insuredObject": "Sandėlis",
    "sumInsured": 100_000,
}


@pytest.fixture
def seller(site: Site) -> Visitor:
    """The owner, whose task is the signing of a contract."""
    with site.factory.begin() as session:
        task = session.get_one(UserTask, site.task_id)
        task.help = {"contract": "contract", "signature": "signature-request"}
        task.assignee = site.owner
        task.local_variables = {**task.local_variables, **TERMS}
        session.add(
            Contract(
                client_id=site.client_id,
                instance_id=site.instance_id,
                version=1,
                number="S-1",
                starts_on=date(2026, 12, 1),
                ends_on=date(2027, 11, 30),
                premium=Decimal(1200),
                prepared_at=site.clock.now(),
            )
        )
    return site.visitor(site.owner)


def send(site: Site, seller: Visitor) -> str:
    """Send the contract to be signed; the address that the client gets."""
    seller.post(f"/tasks/{site.task_id}/signature")
    following.carry_on(site.factory)
    with site.factory() as session:
        letter = session.scalars(select(Letter).order_by(Letter.created_at.desc())).first()
        assert letter is not None
        (found,) = re.findall(r"/sign/[\w-]+", letter.body.replace("\\", ""))
        return str(found)


def states(site: Site) -> list[str]:
    with site.factory() as session:
        return list(
            session.scalars(select(SignatureRequest.state).order_by(SignatureRequest.prepared_at))
        )


def task(site: Site) -> UserTask:
    with site.factory() as session:
        return session.get_one(UserTask, site.task_id)


def test_the_client_reads_and_signs_and_the_salesperson_finds_it_filled_in(
    site: Site, seller: Visitor
) -> None:
    address = send(site, seller)
    assert states(site) == ["sent"]
    with site.factory() as session:
        (attached,) = session.scalars(select(LetterAttachment))
        assert attached.file_name.endswith(".pdf")
    client = site.visitor()
    page = client.get(address).text
    assert "teisinės galios neturi" in page and "S-1" in page
    assert client.get(f"{address}/contract").data == attached.content
    client.post(f"{address}/sign", 422, form={"name": "  "})
    assert states(site) == ["sent"]
    client.post(f"{address}/sign", form={"name": "Jonas Petraitis"})
    assert "Pasirašyta, ačiū!" in client.get(address).text
    assert states(site) == ["signed"]
    assert task(site).draft == {"signingOutcome": "signed", "signedOn": "2026-11-23"}
    with site.factory() as session:
        told = session.scalars(select(Notification.task_name)).all()
        assert "Sutartį pasirašė Jonas Petraitis" in told
        sheet = session.scalars(select(Document).where(Document.kind == "signature-sheet")).one()
        assert sheet.created_by is None
    assert "Pasirašyta" in seller.get(f"/tasks/{site.task_id}").text


def test_a_signature_counts_once_and_is_not_taken_back_by_a_refusal(
    site: Site, seller: Visitor
) -> None:
    address = send(site, seller)
    client = site.visitor()
    client.post(f"{address}/sign", form={"name": "Jonas"})
    client.post(f"{address}/sign", form={"name": "Petras"})
    client.post(f"{address}/refuse")
    assert states(site) == ["signed"]
    with site.factory() as session:
        assert (
            len(
                session.scalars(
                    select(Document).where(
                        Document.kind != "contract", Document.instance_id.is_not(None)
                    )
                ).all()
            )
            == 1
        )


def test_a_refusal_is_told_with_its_reason(site: Site, seller: Visitor) -> None:
    client = site.visitor()
    address = send(site, seller)
    client.post(f"{address}/refuse", form={"reason": "per brangu"})
    assert states(site) == ["refused"]
    assert task(site).draft == {"signingOutcome": "refused", "reasonText": "per brangu"}
    with site.factory() as session:
        assert any("per brangu" in name for name in session.scalars(select(Notification.task_name)))
    client.get(f"{address}/contract", 404)


def test_a_signature_after_a_refusal_takes_its_place_in_the_form(
    site: Site, seller: Visitor
) -> None:
    site.visitor().post(f"{send(site, seller)}/refuse", form={"reason": "per brangu"})
    site.clock.advance(timedelta(minutes=1))
    again = send(site, seller)
    assert task(site).draft is None
    site.visitor().post(f"{again}/sign", form={"name": "Jonas"})
    assert task(site).draft == {"signingOutcome": "signed", "signedOn": "2026-11-23"}
    assert states(site) == ["refused", "signed"]


def test_what_is_typed_already_is_not_overwritten(site: Site, seller: Visitor) -> None:
    address = send(site, seller)
    with site.factory.begin() as session:
        session.get_one(UserTask, site.task_id).draft = {"notes": "mano"}
    site.visitor().post(f"{address}/sign", form={"name": "Jonas"})
    assert task(site).draft == {"notes": "mano"}


def test_after_its_last_moment_a_contract_can_not_be_signed(site: Site, seller: Visitor) -> None:
    address = send(site, seller)
    site.clock.advance(requests.VALID + timedelta(seconds=1))
    client = site.visitor()
    client.post(f"{address}/sign", form={"name": "Jonas"})
    assert states(site) == ["sent"]
    assert "nebegalima" in client.get(address).text
    following.carry_on(site.factory)
    assert states(site) == ["expired"]
    following.carry_on(site.factory)
    with site.factory() as session:
        told = [name for name in session.scalars(select(Notification.task_name)) if "laiku" in name]
    assert len(told) == 1


def test_sending_again_withdraws_the_link_before(site: Site, seller: Visitor) -> None:
    first = send(site, seller)
    site.clock.advance(timedelta(minutes=1))
    second = send(site, seller)
    assert first != second and states(site) == ["withdrawn", "sent"]
    site.visitor().post(f"{first}/sign", form={"name": "Jonas"})
    assert states(site) == ["withdrawn", "sent"]


def test_a_request_ends_with_its_step(site: Site, seller: Visitor) -> None:
    send(site, seller)
    site.visitor("manager").post(
        f"/instances/{site.instance_id}/cancel", form={"reason": "nebereikia"}
    )
    following.carry_on(site.factory)
    assert states(site) == ["withdrawn"]


class Elsewhere:
    """A provider that fails as long as it is told to, is asked, and calls."""

    name = "elsewhere"
    asked_every = timedelta(hours=1)

    def __init__(self) -> None:
        self.works = False
        self.answer: providers.Answer | None = None
        self.sent: list[str] = []

    def send(self, session: Session, request: SignatureRequest) -> str:
        self.sent.append(str(request.id))
        if not self.works:
            raise providers.ProviderFailed("no connection")
        return f"ref-{request.id}"

    def ask(self, session: Session, request: SignatureRequest) -> providers.Answer | None:
        return self.answer

    def heard(self, session: Session, call: providers.Call) -> tuple[str, providers.Answer] | None:
        if call.headers.get("X-Proof") != "ours":
            raise providers.CallRefused("unknown caller")
        return call.body.decode(), providers.Answer("signed", "Ona", Upload("s.pdf", SIGNED))


SIGNED = b"%PDF-1.7 signed"


@pytest.fixture
def elsewhere(site: Site, seller: Visitor) -> Iterator[Elsewhere]:
    """A request that a provider elsewhere is to send."""
    provider = Elsewhere()
    providers.register(provider)
    with site.factory.begin() as session:
        requests.prepare(session, site.task_id, by=site.owner, provider="elsewhere")
    yield provider
    del providers._known["elsewhere"]


def test_a_provider_that_fails_is_tried_again_and_people_are_told_once(
    site: Site, seller: Visitor, elsewhere: Elsewhere
) -> None:
    following.carry_on(site.factory)
    following.carry_on(site.factory)
    assert (len(elsewhere.sent), states(site)) == (1, ["prepared"])
    assert "paslauga neatsako" in seller.get(f"/tasks/{site.task_id}").text
    for _attempt in range(4):
        site.clock.advance(timedelta(hours=4))
        following.carry_on(site.factory)
    assert len(elsewhere.sent) == 5 and len(set(elsewhere.sent)) == 1
    with site.factory() as session:
        told = [
            each.login
            for each in session.scalars(select(Notification))
            if "no connection" in (each.task_name or "")
        ]
    assert {site.owner, "manager"} <= set(told) and len(told) == len(set(told))
    elsewhere.works = True
    site.clock.advance(timedelta(hours=4))
    following.carry_on(site.factory)
    assert states(site) == ["sent"]
    assert "neatsako" not in seller.get(f"/tasks/{site.task_id}").text
    following.carry_on(site.factory)
    assert len(elsewhere.sent) == 6


def test_a_provider_is_asked_until_it_knows(
    site: Site, seller: Visitor, elsewhere: Elsewhere
) -> None:
    elsewhere.works = True
    following.carry_on(site.factory)
    elsewhere.answer = providers.Answer("signed", "Ona", Upload("x.exe", b"MZ"))
    site.clock.advance(timedelta(hours=2))
    following.carry_on(site.factory)
    assert states(site) == ["sent"], "what is no signed file is not taken"
    elsewhere.answer = providers.Answer("refused", "per brangu")
    site.clock.advance(timedelta(hours=2))
    following.carry_on(site.factory)
    assert states(site) == ["refused"]
    assert task(site).draft == {"signingOutcome": "refused", "reasonText": "per brangu"}


def test_a_provider_calls_and_strangers_do_not(
    site: Site, seller: Visitor, elsewhere: Elsewhere
) -> None:
    elsewhere.works = True
    following.carry_on(site.factory)
    stranger = site.app.test_client()
    with site.factory() as session:
        reference = session.scalars(select(SignatureRequest.reference)).one()
    assert stranger.post("/sign/calls/elsewhere", data=reference).status_code == 400
    assert stranger.post("/sign/calls/nobody", data=reference).status_code == 404
    assert stranger.post("/sign/calls/stand-in", data=reference).status_code == 400
    assert states(site) == ["sent"]
    for _repeated in range(2):
        proof = {"X-Proof": "ours"}
        called = stranger.post("/sign/calls/elsewhere", data=reference, headers=proof)
        assert called.status_code == 204
    assert states(site) == ["signed"]
    with site.factory() as session:
        (kept,) = session.scalars(select(Document).where(Document.kind == "signed-contract"))
        assert session.scalars(select(SignatureRequest.signed_document_id)).one() == kept.id


def test_many_that_wait_for_a_signature_do_not_hold_up_one_that_is_prepared(
    site: Site, seller: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "BATCH", 1)
    send(site, seller)
    with site.factory.begin() as session:
        first = session.scalars(select(SignatureRequest)).one()
        values = {"contract_id": first.contract_id, "document_id": first.document_id}
        session.add(
            SignatureRequest(
                **values,
                provider="stand-in",
                reference="second",
                signer_name="Ona",
                signer_email="ona@klientas.example",
                prepared_at=site.clock.now(),
                expires_at=site.clock.now() + requests.VALID,
            )
        )
    following.carry_on(site.factory)
    assert states(site) == ["sent", "sent"]


def test_the_secret_is_not_kept(site: Site, seller: Visitor) -> None:
    secret = send(site, seller).rsplit("/", 1)[1]
    with site.factory() as session:
        assert session.scalars(select(SignatureRequest.reference)).one() != secret
    site.visitor().get("/sign/unknown", 404)
    site.visitor().get(f"/sign/{'x' * 500}", 404)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("no-address", "neturi el. pašto adreso"),
        ("no-contract", "Sutarties dar nėra"),
        ("empty-field", "contractEnd"),
        ("another-step", "nieko nepasirašoma"),
        ("not-yours", "pasiimkite užduotį"),
    ],
)
def test_what_can_not_be_sent_to_be_signed_says_why(
    site: Site, seller: Visitor, change: str, words: str
) -> None:
    with site.factory.begin() as session:
        step = session.get_one(UserTask, site.task_id)
        if change == "no-address":
            client = session.get_one(Client, site.client_id)
            client.email = None
            for contact in client.contacts:
                contact.email = None
        elif change == "no-contract":
            session.delete(session.scalars(select(Contract)).one())
        elif change == "empty-field":
            step.local_variables = {**step.local_variables, "contractEnd": ""}
        elif change == "another-step":
            step.help = {"contract": "contract"}
        else:
            step.assignee = None
    seller.post(f"/tasks/{site.task_id}/signature")
    assert words in seller.get(f"/tasks/{site.task_id}").text
    assert states(site) == []
