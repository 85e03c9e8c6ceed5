"""A campaign writes only to those whom it may, in waves, and its answers become sales."""

from __future__ import annotations

import multiprocessing
from time import sleep
from typing import Any

import pytest
from sqlalchemy import func, select, update

from broker_crm import process
from broker_crm.crm import campaign_lists, campaign_waves, campaigns
from broker_crm.crm.models import Campaign, CampaignRecipient, Client, Consent, Product
from broker_crm.db import connect, sessions
from broker_crm.definitions.forms import FormRejected
from broker_crm.outreach.deliver import deliver_due
from broker_crm.outreach.models import Letter, OutboxEntry, OutboxState
from broker_crm.process.models import ProcessInstance
from tests.journeys.walk import Walk

MESSAGE = "Vežėjai dažnai neapdraudžia savo atsakomybės pagal CMR konvenciją. Parodysime, kaip."


def begun(brokerage: Any) -> Walk:
    with brokerage.factory.begin() as session:
        product = session.scalars(select(Product.id).where(Product.key == "cyber")).one()
        started = campaigns.create(session, "Pavasario kampanija", product, by="marketing")
        return Walk(brokerage, started.instance.id)


def to_material(walk: Walk, **changes: Any) -> Walk:
    brief = {"goal": "10 sutarčių", "targetMarket": "Įmonės", "insideTargetMarket": True}
    walk.do("campaign-brief", **brief, budget=500)
    segment = {"segmentKind": "legal", "segmentStatus": "any", "segmentSector": "any"}
    limits = {"segmentSize": "small", "holdOutPercent": 10, "waveSize": 500, "stopPercent": 90}
    return walk.do("campaign-segment", **{**segment, **limits, **changes})


def to_test(walk: Walk, **changes: Any) -> Walk:
    material = {"headline": "Ar Jūsų duomenys apdrausti?", "messageA": MESSAGE, "materialCost": 50}
    walk.do("campaign-material", **{**material, **changes})
    walk.do("content-approval", contentOutcome="approve")
    walk.do("permission-approval", permissionOutcome="approve")
    return walk.do("capacity-approval", capacityOutcome="approve")


def launched(brokerage: Any, **changes: Any) -> Walk:
    walk = to_test(to_material(begun(brokerage), **changes))
    walk.do("campaign-test", testEmail="marketing@broker.example")
    walk.do("campaign-check", testOutcome="good")
    walk.sweep()
    return walk


def recipients(brokerage: Any, state: str) -> list[CampaignRecipient]:
    with brokerage.factory() as session:
        statement = select(CampaignRecipient).where(CampaignRecipient.state == state)
        return list(session.scalars(statement.order_by(CampaignRecipient.id)))


def state(brokerage: Any) -> str:
    with brokerage.factory() as session:
        return session.scalars(select(Campaign.status)).one()


def swept(walk: Walk, times: int = 12) -> None:
    for _sweep in range(times):
        walk.sweep()


def test_the_list_is_frozen_with_reasons_and_a_hold_out_group(brokerage: Any) -> None:
    walk = to_material(begun(brokerage), segmentSize="any")
    with brokerage.factory() as session:
        rows = session.execute(
            select(CampaignRecipient.state, CampaignRecipient.reason, Client).join(
                Client, Client.id == CampaignRecipient.client_id
            )
        ).all()
        clients = session.scalar(select(func.count()).where(Client.kind == "legal"))
    assert len(rows) == clients
    assert {each.reason for each in rows if each.state == "excluded"} >= {"no-permission", "vip"}
    assert all(each.reason is None for each in rows if each.state != "excluded")
    assert not any(each.Client.do_not_contact for each in rows if each.state == "waiting")
    assert {each.state for each in rows} == {"waiting", "held-out", "excluded"}
    assert walk.open == ["campaign-material"]


def test_a_segment_of_nobody_is_refused_by_field(brokerage: Any) -> None:
    walk = begun(brokerage)
    with pytest.raises(FormRejected) as refused:
        to_material(walk, segmentSector="health", segmentSize="large", segmentStatus="former")
    assert list(refused.value.errors) == ["segmentKind"]


def test_each_approver_can_send_it_back_to_where_it_is_mended(brokerage: Any) -> None:
    walk = to_material(begun(brokerage))
    walk.do("campaign-material", headline="Tema", messageA=MESSAGE, materialCost=0)
    walk.do("content-approval", contentOutcome="return", contentComment="Per drąsu")
    walk.do("permission-approval", permissionOutcome="approve")
    walk.do("capacity-approval", capacityOutcome="approve")
    assert walk.open == ["campaign-material"]
    to_test(walk)
    assert walk.open == ["campaign-test"]


def test_letters_go_out_once_with_an_own_link_each(brokerage: Any) -> None:
    walk = launched(brokerage)
    swept(walk)
    started = recipients(brokerage, "started")
    assert started and not recipients(brokerage, "waiting")
    with brokerage.factory() as session:
        letters = session.scalars(
            select(Letter).where(Letter.template_key.in_(["campaign-a", "campaign-b"]))
        ).all()
        assert len(letters) == len(started) == len({letter.client_id for letter in letters})
        tokens = {each.client_id: each.unsubscribe_token for each in started}
        assert all(f"/offers/{tokens[letter.client_id]}" in letter.body for letter in letters)


def test_a_wave_is_no_larger_than_the_callers_can_bear(brokerage: Any) -> None:
    walk = launched(brokerage, waveSize=5)
    swept(walk)
    assert len(recipients(brokerage, "started")) == 5
    walk.wait(days=1)
    assert len(recipients(brokerage, "started")) == 10


def test_who_withdraws_before_the_turn_gets_nothing(brokerage: Any) -> None:
    walk = launched(brokerage, waveSize=1)
    left = recipients(brokerage, "waiting")[0].client_id
    with brokerage.factory.begin() as session:
        campaigns.withdraw(session, session.get_one(Client, left))
    walk.wait(days=2)
    with brokerage.factory() as session:
        row = session.scalars(
            select(CampaignRecipient).where(CampaignRecipient.client_id == left)
        ).one()
        assert (row.state, row.reason) == ("excluded", "no-permission")
        assert session.scalars(select(Letter).where(Letter.client_id == left)).all() == []


def test_who_withdraws_while_the_letter_waits_gets_nothing(brokerage: Any) -> None:
    walk = to_test(to_material(begun(brokerage), waveSize=1))
    walk.do("campaign-test", testEmail="marketing@broker.example")
    walk.do("campaign-check", testOutcome="good")
    campaign_waves.send_waves(brokerage.factory, lambda: False)
    (first,) = recipients(brokerage, "started")
    with brokerage.factory.begin() as session:
        campaigns.withdraw(session, session.get_one(Client, first.client_id))
    deliver_due(brokerage.factory, brokerage.settings)
    with brokerage.factory() as session:
        entry = session.scalars(
            select(OutboxEntry)
            .join(Letter, Letter.id == OutboxEntry.letter_id)
            .where(Letter.client_id == first.client_id)
        ).one()
        assert entry.state == OutboxState.FAILED
    process.deliver_pending(brokerage.factory)
    with brokerage.factory() as session:
        assert session.get_one(ProcessInstance, first.instance_id).outcome == "unsubscribed"


def test_unsubscribing_ends_the_case_and_every_other_letter(brokerage: Any) -> None:
    walk = launched(brokerage)
    swept(walk)
    first = recipients(brokerage, "started")[0]
    for _click in range(2):
        with brokerage.factory.begin() as session:
            assert campaigns.unsubscribed(session, first.unsubscribe_token)
    with brokerage.factory() as session:
        assert session.get_one(ProcessInstance, first.instance_id).outcome == "unsubscribed"
        client = session.get_one(Client, first.client_id)
        given = session.scalars(
            select(Consent).where(Consent.client_id == client.id, Consent.withdrawn_at.is_(None))
        ).all()
        assert client.do_not_contact and given == []


@pytest.mark.parametrize(
    ("status", "process_key"), [("prospect", "new-client-sale"), ("active", "cross-sell")]
)
def test_an_answer_is_called_back_and_becomes_a_sale_without_a_second_first_call(
    brokerage: Any, status: str, process_key: str
) -> None:
    with brokerage.factory.begin() as session:
        session.execute(update(Client).values(status=status))
    walk = launched(brokerage)
    swept(walk)
    first = recipients(brokerage, "started")[0]
    with brokerage.factory.begin() as session:
        assert campaigns.answered(session, first.unsubscribe_token)
        assert campaigns.answered(session, first.unsubscribe_token)
    case = Walk(brokerage, first.instance_id)
    case.do("campaign-call", campaignCallOutcome="interested")
    assert case.outcome == "sale-started"
    walk.sweep()
    with brokerage.factory() as session:
        sales = session.scalars(
            select(ProcessInstance.id).where(
                ProcessInstance.client_id == first.client_id,
                ProcessInstance.process_key == process_key,
            )
        ).all()
    first_steps = [Walk(brokerage, each).open for each in sales]
    assert ["plan-meeting"] in first_steps or ["needs-record"] in first_steps


def test_silence_gets_one_reminder_and_then_ends(brokerage: Any) -> None:
    walk = launched(brokerage)
    swept(walk)
    first = recipients(brokerage, "started")[0]
    case = Walk(brokerage, first.instance_id)
    walk.wait(days=18)
    assert case.outcome == "no-response"
    assert case.letters[1:] == ["campaign-reminder"]
    assert state(brokerage) == "finished"
    walk.wait_for("campaign-report", days=40)


def test_too_many_refusals_pause_the_campaign_until_the_manager_decides(brokerage: Any) -> None:
    walk = launched(brokerage, waveSize=25, stopPercent=5)
    swept(walk)
    for each in recipients(brokerage, "started")[:4]:
        with brokerage.factory.begin() as session:
            campaigns.unsubscribed(session, each.unsubscribe_token)
    walk.sweep()
    assert state(brokerage) == "paused"
    walk.do("campaign-stop", stopOutcome="stop", stopReason="Netinka segmentui")
    assert state(brokerage) == "stopped"
    walk.wait(days=3)
    assert recipients(brokerage, "waiting")


def test_a_worker_killed_within_a_wave_loses_and_doubles_nobody(brokerage: Any) -> None:
    walk = to_test(to_material(begun(brokerage)))
    walk.do("campaign-test", testEmail="marketing@broker.example")
    walk.do("campaign-check", testOutcome="good")
    waiting = len(recipients(brokerage, "waiting"))
    forked = multiprocessing.get_context("fork")
    for least in (3, 8):
        worker = forked.Process(target=send_one_by_one, args=[brokerage])
        worker.start()
        for _look in range(3_000):
            if len(recipients(brokerage, "started")) >= least or not worker.is_alive():
                break
            sleep(0.01)
        worker.kill()
        worker.join()
    swept(walk)
    started = recipients(brokerage, "started")
    with brokerage.factory() as session:
        cases = session.scalars(
            select(ProcessInstance.id).where(
                ProcessInstance.process_key == campaign_waves.RECIPIENT
            )
        ).all()
        letters = session.scalars(
            select(Letter.client_id).where(Letter.purpose == "marketing")
        ).all()
    assert not recipients(brokerage, "waiting")
    assert len(started) + len(recipients(brokerage, "excluded")) >= waiting
    assert sorted(cases) == sorted(each.instance_id for each in started)
    assert sorted(letters) == sorted(each.client_id for each in started)


def send_one_by_one(brokerage: Any) -> None:
    """A worker of its own process, with connections of its own."""
    factory = sessions(connect(brokerage.settings.database_url))
    while campaign_waves.send_waves(factory, lambda: False):
        pass


def test_a_long_list_is_made_in_pieces_and_one_that_was_interrupted_goes_on(
    brokerage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign_lists, "PIECE", 40)
    walk = to_material(begun(brokerage), segmentSize="any")
    assert (walk.open, state(brokerage)) == ([], "listing")
    answers = iter([False, False, True])
    campaign_lists.make_lists(brokerage.factory, lambda: next(answers))
    with brokerage.factory() as session:
        some = session.scalar(select(func.count()).select_from(CampaignRecipient))
    assert some
    walk.sweep()
    assert walk.open == ["campaign-material"]
    with brokerage.factory() as session:
        rows = session.scalars(select(CampaignRecipient.client_id)).all()
        clients = session.scalars(select(Client.id).where(Client.kind == "legal")).all()
    assert sorted(rows) == sorted(clients)
    walk.do("campaign-material", headline="Tema", messageA=MESSAGE, materialCost=0)
    walk.do("content-approval", contentOutcome="approve")
    walk.do("permission-approval", permissionOutcome="approve")
    walk.do("capacity-approval", capacityOutcome="return", capacityComment="Per daug")
    to_material_again = {"segmentKind": "legal", "segmentStatus": "prospect", "segmentSector": "it"}
    limits = {"segmentSize": "any", "holdOutPercent": 0, "waveSize": 5, "stopPercent": 90}
    walk.do("campaign-segment", **to_material_again, **limits)
    walk.sweep()
    assert walk.open == ["campaign-material"]
    assert recipients(brokerage, "held-out") == []


def test_an_english_client_gets_the_english_text_or_none(brokerage: Any) -> None:
    english = {"headline": "", "headlineEn": "Hello", "messageA": "A", "messageAEn": "English"}
    client = Client(language="en")
    assert campaign_waves.text_for(english, client, "A") == {
        "headline": "Hello",
        "messageA": "English",
        "messageB": "",
    }
    assert campaign_waves.text_for(english, client, "B") is None
    assert campaign_waves.text_for({"headline": "H", "messageA": "A"}, client, "A") is None


def test_an_unknown_link_changes_nothing(brokerage: Any) -> None:
    with brokerage.factory.begin() as session:
        assert not campaigns.answered(session, "no-such-token")
        assert not campaigns.unsubscribed(session, "no-such-token")
