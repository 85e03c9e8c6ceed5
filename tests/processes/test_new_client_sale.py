"""The sale to a new client can be walked along every way that is drawn."""

from __future__ import annotations

import json
import re

import pytest
from babel.messages.pofile import read_po

from broker_crm import clock
from broker_crm.engine import commands

from .sale import ROOT, Sale, new_client_sale


def test_straight_way_ends_signed_and_passes_the_measurement_points() -> None:
    sale = Sale().to_offer().offer().send_offer()
    sale.do("Task_OfferCall", offerCallOutcome="accepts").contract().send_contract()
    sale.do("Task_Signing", signingOutcome="signed")
    assert sale.outcome == "signed"
    assert sale.measures == [
        "contact-permitted",
        "lead-contacted",
        "reached",
        "interested",
        "met",
        "interested-after-meeting",
        "offer-prepared",
        "offer-approved",
        "offer-sent",
        "reached-after-offer",
        "interested-after-offer",
        "agreed",
        "contract-prepared",
        "contract-sent",
        "signed",
    ]
    letters = [job.headers["letter"] for job in sale.jobs if job.type == "send-letter"]
    assert letters == ["intro", "offer", "contract"]


@pytest.mark.parametrize(
    "client", [{"consent": {"marketing": False}}, {"doNotContact": True}], ids=["none", "stop"]
)
def test_no_permission_ends_with_a_reason(client: dict[str, object]) -> None:
    sale = Sale(client=client)
    assert sale.outcome == "not-permitted"
    assert sale.jobs[-1].headers["reason"]


def test_five_calls_without_answer_at_other_hours_end_the_case() -> None:
    sale = Sale().contact()
    hours = []
    for _ in range(4):
        sale.do("Task_FirstCall", firstCallOutcome="no-answer")
        hours.append(next(iter(sale.timers.values())).due_at)
        sale.wait_for("Timer_FirstCallAgain")
    sale.do("Task_FirstCall", firstCallOutcome="no-answer")
    assert sale.outcome == "unreachable"
    assert len({due.time() for due in hours}) == 4


def test_later_waits_for_the_promised_time_in_vilnius() -> None:
    sale = Sale().contact()
    sale.do("Task_FirstCall", firstCallOutcome="later", callBackAt="2026-04-07T14:30")
    (timer,) = sale.timers.values()
    assert timer.due_at.isoformat() == "2026-04-07T11:30:00+00:00"
    assert sale.wait_for("Timer_FirstCallAgain").open == ["Task_FirstCall"]


def test_client_who_says_stop_is_marked() -> None:
    sale = Sale().contact().do("Task_FirstCall", firstCallOutcome="do-not-contact")
    assert [job.type for job in sale.jobs[-2:]] == ["update-client", "record-outcome"]
    assert sale.outcome == "do-not-contact"


def test_third_no_show_ends_the_case() -> None:
    sale = Sale().contact().do("Task_FirstCall", firstCallOutcome="interested")
    for _ in range(3):
        sale.do("Task_PlanMeeting", meetingAt="2026-03-10T10:00")
        assert sale.task.due_at is not None
        assert sale.task.due_at.isoformat() == "2026-03-10T08:00:00+00:00"
        sale.do("Task_Meeting", meetingOutcome="no-show")
    assert sale.outcome == "no-show"


def test_corrections_of_the_meeting_prefill_the_offer() -> None:
    task = Sale().to_offer().task
    assert task.local_variables["premium"] == 285
    assert task.local_variables["commission"] == 18


@pytest.mark.parametrize(
    ("premium", "approver"),
    [
        (300, "Task_OfferLetter"),
        (291, "Task_OfferLetter"),
        (290, "Task_ApproveOffer"),
        (270, "Task_ApproveOffer"),
        (269, "Task_ApproveOffer"),
    ],
)
def test_who_approves_depends_on_the_discount(premium: float, approver: str) -> None:
    sale = Sale().to_offer().offer(premium)
    assert sale.open == [approver]
    if approver == "Task_ApproveOffer":
        sale.do("Task_ApproveOffer", offerApprovalOutcome="approve")
        after = "Task_ApproveOfferSales" if premium < 270 else "Task_OfferLetter"
        assert sale.open == [after]


def test_returned_offer_comes_back_with_the_comment_and_without_it_when_approved() -> None:
    sale = Sale().to_offer().offer(280)
    sale.do("Task_ApproveOffer", offerApprovalOutcome="return", approvalComment="Per daug")
    assert sale.open == ["Task_PrepareOffer"]
    with clock.use(sale.clock):
        values = commands.variables(sale.state)
    assert values["approvalComment"] == "Per daug"
    sale.offer(285).do("Task_ApproveOffer", offerApprovalOutcome="approve")
    with clock.use(sale.clock):
        values = commands.variables(sale.state)
    assert values["approvalComment"] is None


def test_after_three_rounds_the_sales_manager_decides() -> None:
    sale = Sale().to_offer()
    for _ in range(3):
        sale.offer().send_offer().do(
            "Task_OfferCall",
            offerCallOutcome="negotiate",
            negotiationRequest="Pigiau",
            negotiationMeetingAt="2026-04-10T09:00",
        )
        sale.do("Task_Negotiation", negotiationOutcome="further", negotiationRequest="Pigiau")
        assert sale.open == ["Task_PrepareOffer"]
    sale.offer().send_offer().do(
        "Task_OfferCall",
        offerCallOutcome="negotiate",
        negotiationRequest="Pigiau",
        negotiationMeetingAt="2026-04-20T09:00",
    )
    sale.do("Task_Negotiation", negotiationOutcome="further", negotiationRequest="Pigiau")
    assert sale.open == ["Task_NegotiationDecision"]
    assert sale.task.candidate_group == "sales-manager"
    sale.do(
        "Task_NegotiationDecision",
        negotiationDecisionOutcome="stop",
        negotiationDecisionComment="Gana",
    )
    assert sale.outcome == "refused"


def test_simple_product_for_a_person_skips_both_meetings() -> None:
    sale = Sale(clientKind="natural", productClass="A").contact()
    sale.do("Task_FirstCall", firstCallOutcome="interested")
    assert sale.open == ["Task_NeedsRecord"]
    sale.do("Task_NeedsRecord", sumInsured=250000, covers=["fire"]).offer().send_offer()
    sale.do("Task_OfferCall", offerCallOutcome="negotiate", negotiationRequest="Pigiau")
    assert sale.open == ["Task_PrepareOffer"]


def test_contract_goes_back_when_returned_or_wrong() -> None:
    sale = Sale().to_offer().offer().send_offer().do("Task_OfferCall", offerCallOutcome="accepts")
    sale.contract().do(
        "Task_ApproveContract", contractApprovalOutcome="return", contractApprovalComment="Data"
    )
    sale.contract().send_contract().do("Task_Signing", signingOutcome="error")
    sale.contract().send_contract().do("Task_Signing", signingOutcome="refused", reason="price")
    assert (sale.outcome, sale.jobs[-1].headers["reason"]) == ("refused", "price")


def test_unsigned_contract_expires() -> None:
    sale = Sale().to_offer().offer().send_offer().do("Task_OfferCall", offerCallOutcome="accepts")
    sale.contract().send_contract().wait_for("Boundary_ContractExpired")
    assert sale.outcome == "expired"


def test_reminders_come_a_day_before_on_and_after_the_due_day_and_escalate_on_the_third() -> None:
    sale = Sale().contact()
    due = sale.task.due_at
    assert due is not None and str(due) == "2026-03-05 15:00:00+00:00"
    days = []
    for element in (*["Boundary_RemindFirstCall"] * 3, "Boundary_EscalateFirstCall"):
        sale.wait_for(element)
        days.append(str(sale.clock.now().date()))
    assert days == ["2026-03-04", "2026-03-05", "2026-03-06", "2026-03-10"]


@pytest.mark.parametrize(("vip", "reminders"), [(False, 3), (True, 4)])
def test_reminders_come_around_the_due_day_then_the_manager(vip: bool, reminders: int) -> None:
    sale = Sale(vip=vip).contact()
    for _ in range(reminders):
        sale.wait_for("Boundary_RemindFirstCall")
    sale.wait_for("Boundary_EscalateFirstCall")
    kinds = [job.type for job in sale.jobs if job.type in {"remind", "escalate"}]
    assert kinds == ["remind"] * reminders + ["escalate"]
    assert sale.open == ["Task_FirstCall"]
    assert all(job.host_task_id == sale.task.id for job in sale.jobs if job.type in set(kinds))


@pytest.mark.parametrize(
    ("changes", "days"),
    [({}, 3), ({"vip": True}, 2), ({"clientKind": "foreign"}, 5), ({"productClass": "C"}, 10)],
)
def test_standard_follows_client_and_product(changes: dict[str, object], days: float) -> None:
    assert Sale(**changes).to_offer().task.standards.working_days == days


def test_every_outcome_of_a_task_is_an_option_of_its_form() -> None:
    for element in new_client_sale().user_tasks.values():
        form = json.loads((ROOT / "forms" / f"{element.form_key}.form").read_text("utf-8"))
        fields = {field.get("key"): field for field in form["components"]}
        if element.outcomes:
            options = fields[element.outcome_variable]["values"]
            assert tuple(option["value"] for option in options) == element.outcomes


def test_every_name_has_an_english_text() -> None:
    with (ROOT / "forms/translations/en.po").open("rb") as file:
        catalogue = {message.id: message.string for message in read_po(file) if message.id}
    process = new_client_sale()
    names = {element.name for element in process.elements.values() if element.name}
    names |= {flow.name for flow in process.flows.values() if flow.name}
    for path in (ROOT / "forms").glob("*.form"):
        found = re.findall(
            r'"(?:label|text|dateLabel)": "((?:[^"\\]|\\.)*)"', path.read_text("utf-8")
        )
        names |= {json.loads(f'"{text}"') for text in found}
    worded = {name for name in names if re.sub(r"\{\{[^}]*\}\}", "", name).strip()}
    assert not [name for name in worded if not catalogue.get(name)]
