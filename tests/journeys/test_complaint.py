"""A complaint is answered within the law's terms, or everybody concerned hears of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from broker_crm.crm.complaint_register import Wanted, is_overdue, register_of
from broker_crm.crm.complaints import Registration, register
from broker_crm.crm.models import Complaint, Insurer
from broker_crm.definitions.forms import FormRejected
from broker_crm.process.errors import FourEyes
from broker_crm.process.variables import instance_variables
from tests.journeys.walk import PEOPLE, Walk, day

TOLD = Registration(
    received_on=date(2026, 11, 23),
    channel="email",
    complainant="Ona Pareiškėja",
    complainant_email="ona@pareiskeja.example",
    subject="delay",
    description="Pasiūlymo laukiu jau mėnesį ir niekas neatsako.",
)


def registered(brokerage: Any, **changes: Any) -> Walk:
    with brokerage.factory.begin() as session:
        return Walk(brokerage, register(session, replace(TOLD, **changes), by="jonas").instance.id)


def row(walk: Walk) -> Complaint:
    with walk.brokerage.factory() as session:
        return session.scalars(select(Complaint).where(Complaint.instance_id == walk.id)).one()


def to_decision(walk: Walk) -> Walk:
    walk.do("investigate", facts="Pasiūlymas vėlavo dvi savaites.")
    walk.do("ask-others", othersOutcome="not-needed")
    return walk.do("ask-complainant", complainantOutcome="not-needed")


def decide(walk: Walk, decision: str = "upheld", amount: float = 50) -> Walk:
    remedy = {"remedyAmount": amount, "remedyText": "Atsiprašyti", "remedyOwner": "jonas"}
    return walk.do(
        "complaint-decision",
        decisionOutcome="decided",
        decision=decision,
        decisionReasons="Terminas praleistas.",
        **({} if decision == "rejected" else remedy),
    )


def answer(walk: Walk) -> Walk:
    text = "Skundas pagrįstas: pasiūlymą turėjome pateikti anksčiau. Atsiprašome."
    return walk.do("complaint-answer", answerText=text)


def close(walk: Walk) -> Walk:
    walk.do(
        "root-cause",
        rootCause="Tvirtinimas užtruko",
        correctiveAction="Antras tvirtintojas",
        actionOwner="manager",
        actionDueOn=day(walk.brokerage, 30),
    )
    return walk


def test_a_justified_complaint_is_acknowledged_answered_made_good_and_closed(
    brokerage: Any,
) -> None:
    walk = registered(brokerage)
    complaint = row(walk)
    assert complaint.register_number == "2026-0001"
    assert (complaint.owner, complaint.status) == ("complaints", "open")
    walk.do("complaint-check", checkOutcome="complaint").do("acknowledge")
    decide(to_decision(walk))
    answer(walk).do("remedy", remedyDone="Paskambinta ir atsiprašyta")
    walk.do("complaint-reaction", reactionOutcome="accepts")
    close(walk)
    assert (walk.outcome, walk.open) == ("upheld", ["corrective-action"])
    walk.do("corrective-action", actionDone="Paskirtas antras tvirtintojas")
    assert walk.finished
    assert walk.letters == ["complaint-acknowledge", "complaint-answer"]
    complaint = row(walk)
    assert (complaint.status, complaint.decision, complaint.reaction) == (
        "closed",
        "upheld",
        "accepts",
    )
    assert complaint.acknowledged_at and complaint.answered_at and complaint.closed_at
    assert complaint.root_cause == "Tvirtinimas užtruko"
    assert "complaint-breach" not in walk.measures


def test_terms_are_counted_in_working_days_after_the_day_of_receipt(brokerage: Any) -> None:
    complaint = row(registered(brokerage, received_on=date(2026, 11, 20)))
    days = [
        moment.date()
        for moment in (
            complaint.acknowledge_by,
            complaint.internal_answer_by,
            complaint.answer_by,
            complaint.extended_answer_by,
        )
    ]
    assert days == [date(2026, 11, 27), date(2026, 12, 4), date(2026, 12, 11), date(2027, 1, 13)]


def test_an_old_complaint_has_the_terms_of_its_day(brokerage: Any) -> None:
    complaint = row(registered(brokerage, received_on=date(2019, 11, 20)))
    assert complaint.answer_by.date() == date(2019, 12, 4)


def test_where_to_forward_is_filled_in_from_the_insurers_contact_point(brokerage: Any) -> None:
    with brokerage.factory() as session:
        insurer = session.scalars(select(Insurer).order_by(Insurer.id)).first()
    walk = registered(brokerage, about="insurer", insurer_id=insurer.id)
    with brokerage.factory() as session:
        known = instance_variables(session, row(walk).instance_id)
    domain = insurer.email.partition("@")[2]
    assert known["forwardTo"] == insurer.name
    assert known["forwardEmail"] == f"skundai@{domain}" != insurer.email


def test_a_complaint_about_the_insurer_is_forwarded_and_watched(brokerage: Any) -> None:
    with brokerage.factory() as session:
        insurer = session.scalars(select(Insurer.id)).first()
    walk = registered(brokerage, about="insurer", insurer_id=insurer)
    walk.do("complaint-check", checkOutcome="complaint")
    walk.do("complaint-forward", forwardTo="Neris Insurance", forwardEmail="skundai@neris.example")
    assert sorted(walk.letters) == ["complaint-forward", "complaint-forwarded"]
    walk.do("forward-watch", watchOutcome="silent")
    walk.do("forward-watch", watchOutcome="answered", forwardAnswer="Išmokėta")
    assert (walk.outcome, walk.finished) == ("answered-by-other", True)
    assert "complaint-chase" in walk.letters
    assert row(walk).forwarded_at is not None


@pytest.mark.parametrize("kind", ["claim", "request"])
def test_what_is_no_complaint_leaves_the_register(brokerage: Any, kind: str) -> None:
    walk = registered(brokerage).do("complaint-check", checkOutcome=kind)
    assert row(walk).status == "not-a-complaint"
    walk.do("pass-on", passedOn="Žalų administratorei")
    assert (walk.outcome, walk.finished) == ("not-a-complaint", True)


def test_a_late_complaint_warns_asks_for_a_delay_letter_and_records_the_breach(
    brokerage: Any,
) -> None:
    walk = registered(brokerage).do("complaint-check", checkOutcome="complaint")
    walk.wait(days=8)
    assert {"compliance", "manager"} <= walk.told("alert")
    walk.wait_for("delay-letter", days=14)
    with pytest.raises(FormRejected) as refused:
        walk.do("delay-letter", delayReasons="Laukiame", newAnswerOn="2027-06-01")
    assert list(refused.value.errors) == ["newAnswerOn"]
    walk.wait(days=10)
    assert "complaint-breach" in walk.measures
    with brokerage.factory() as session:
        assert register_of(session, Wanted(state="late"))


def test_a_delay_letter_moves_the_term_but_only_so_far(brokerage: Any) -> None:
    walk = registered(brokerage).do("complaint-check", checkOutcome="complaint").do("acknowledge")
    walk.wait_for("delay-letter", days=20)
    walk.do("delay-letter", delayReasons="Laukiame draudiko", newAnswerOn="2027-01-10")
    walk.wait(days=10)
    assert "complaint-breach" not in walk.measures
    with brokerage.factory() as session:
        assert session.scalars(select(Complaint).where(is_overdue())).all() == []
    walk.wait(days=35)
    assert "complaint-breach" in walk.measures


def test_a_serious_decision_is_checked_by_others_and_may_come_back(brokerage: Any) -> None:
    walk = registered(brokerage, claimed_amount=Decimal(5000))
    walk.do("complaint-check", checkOutcome="complaint").do("acknowledge")
    decide(to_decision(walk), amount=2000)
    walk.do("legal-check", legalOutcome="return", legalComment="Per mažai motyvų")
    decide(walk, amount=2000).do("legal-check", legalOutcome="approve")
    walk.do("remedy-approval", remedyApprovalOutcome="approve")
    assert walk.open == ["complaint-answer"]


def test_who_decided_may_not_check_the_decision(brokerage: Any) -> None:
    walk = registered(brokerage, claimed_amount=Decimal(5000), employee="complaints")
    assert row(walk).owner == "compliance"
    walk.do("complaint-check", checkOutcome="complaint").do("acknowledge")
    decide(to_decision(walk))
    assert walk.tasks()["legal-check"].candidate_group == "compliance"
    with pytest.raises(FourEyes):
        walk.do("legal-check", legalOutcome="approve")
    assert PEOPLE["compliance"] == "compliance"


def test_a_disputed_answer_is_looked_into_once_more_and_then_the_bank_decides(
    brokerage: Any,
) -> None:
    walk = registered(brokerage).do("complaint-check", checkOutcome="complaint").do("acknowledge")
    decide(to_decision(walk), "rejected")
    answer(walk).do("complaint-reaction", reactionOutcome="disputes")
    decide(to_decision(walk), "rejected")
    answer(walk).do("complaint-reaction", reactionOutcome="bank-of-lithuania")
    asked = {"bankReceivedOn": day(brokerage, 0), "bankDeadline": day(brokerage, 10)}
    walk.do("bank-request", **asked, bankQuestion="Kodėl vėluota?")
    walk.do("bank-explanation", bankExplanation="Paaiškinimas")
    walk.do("bank-decision", bankOutcome="for-us", bankDecidedOn=day(brokerage, 0))
    close(walk)
    assert walk.outcome == "rejected"


def test_a_possible_breach_of_personal_data_starts_the_72_hour_task(brokerage: Any) -> None:
    walk = registered(brokerage, subject="service-quality", detail="data-protection")
    assert walk.open == ["complaint-check", "data-breach"]


def test_without_an_address_the_letter_is_left_to_paper(brokerage: Any) -> None:
    walk = registered(brokerage, complainant_email=None)
    walk.do("complaint-check", checkOutcome="complaint").do("acknowledge")
    assert walk.letters == []
    assert row(walk).acknowledged_at is not None


def test_numbers_run_on_within_the_year(brokerage: Any) -> None:
    numbers = [row(registered(brokerage)).register_number for _each in range(3)]
    assert numbers == ["2026-0001", "2026-0002", "2026-0003"]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("received_on", {"received_on": date(2026, 11, 24)}),
        ("complainant", {"complainant": " "}),
        ("description", {"description": ""}),
        ("channel", {"channel": "fax"}),
        ("subject", {"subject": "weather"}),
        ("client_id", {"client_id": 999_999}),
        ("insurer_id", {"about": "insurer"}),
        ("employee", {"employee": "nobody"}),
        ("claimed_amount", {"claimed_amount": Decimal(-1)}),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_registered(
    brokerage: Any, field: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(FormRejected) as refused:
        registered(brokerage, **changes)
    assert list(refused.value.errors) == [field]
    with brokerage.factory() as session:
        assert session.scalars(select(Complaint)).all() == []
