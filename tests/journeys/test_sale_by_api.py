"""The whole sale through the JSON API, to the signed contract."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from broker_crm.crm.models import Client
from broker_crm.outreach.deliver import deliver_due
from broker_crm.outreach.models import Letter, Notification, OutboxEntry
from broker_crm.process.timers import fire_due_timers


class Caller:
    """A person with a token."""

    def __init__(self, brokerage: Any, login: str) -> None:
        self.login = login
        self._client = brokerage.app.test_client()
        self._headers = {"Authorization": f"Bearer {brokerage.token(login)}"}

    def get(self, path: str, expected: int = 200) -> Any:
        answer = self._client.get(path, headers=self._headers)
        assert answer.status_code == expected, answer.text
        return answer.get_json()

    def post(self, path: str, body: dict[str, Any], expected: int = 200) -> Any:
        answer = self._client.post(path, json=body, headers=self._headers)
        assert answer.status_code == expected, answer.text
        return answer.get_json()

    def complete(self, task: dict[str, Any], expected: int = 200, **variables: Any) -> Any:
        path = f"/api/tasks/{task['id']}/complete"
        return self.post(path, {"variables": variables}, expected)


class Sale:
    """One sale; each call completes the open task with the given element."""

    def __init__(self, brokerage: Any) -> None:
        self.seller = Caller(brokerage, brokerage.owner)
        self.product = Caller(brokerage, "product")
        self.manager = Caller(brokerage, "manager")
        self.brokerage = brokerage
        started = self.seller.post(
            "/api/process-instances",
            {
                "process": "new-client-sale",
                "variables": {
                    "clientId": brokerage.client_id,
                    "productId": brokerage.product_id,
                },
            },
            201,
        )
        self.id = started["id"]
        self.tasks = started["tasks"]

    def do(self, element: str, who: Caller | None = None, **variables: Any) -> dict[str, Any]:
        self.brokerage.clock.advance(timedelta(minutes=20))
        (task,) = [each for each in self.tasks if each["element"] == element]
        answer = (who or self.seller).complete(task, **variables)
        self.tasks = answer["tasks"]
        return task


OFFER = {
    "sumInsured": 300_000,
    "deductible": 500,
    "covers": ["liability"],
    "commission": 20,
    "instalments": 1,
    "offerValidUntil": "2026-12-31",
}


def test_the_sale_from_letter_to_signed_contract(brokerage):
    sale = Sale(brokerage)
    sale.do(
        "Task_IntroLetter",
        introLetterOutcome="send",
        letterLanguage="lt",
        recipientEmail="info@klientas.example",
    )
    sale.do("Task_FirstCall", firstCallOutcome="interested", reaction="positive", notes="Nori.")
    sale.do("Task_PlanMeeting", meetingAt="2026-11-25T10:00", meetingPlace="office")
    brokerage.clock.advance(timedelta(days=2, hours=3))
    sale.do(
        "Task_Meeting",
        meetingOutcome="interested-further",
        sumInsured=300_000,
        covers=["liability"],
        discountAsked=8,
        reaction="positive",
    )
    sale.do(
        "Task_NeedsRecord",
        insuredObject="Veikla",
        sumInsured=300_000,
        claimsInThreeYears=0,
        covers=["liability"],
        needsPriority="price",
        needsConfirmedBy="signed",
        needsConfirmed=True,
    )
    discounted = {**OFFER, "premium": 420, "deviationReason": "Prašė susitikime."}
    sale.do("Task_PrepareOffer", **discounted)
    sale.do(
        "Task_ApproveOffer",
        sale.product,
        offerApprovalOutcome="return",
        approvalComment="Pagrįskite nuolaidą.",
    )
    sale.do("Task_PrepareOffer", **{**discounted, "premium": 430})
    sale.do("Task_ApproveOffer", sale.product, offerApprovalOutcome="approve")
    letter = {"letterLanguage": "lt", "recipientEmail": "info@klientas.example"}
    sale.do("Task_OfferLetter", **letter)

    brokerage.clock.advance(timedelta(days=2, hours=8))
    assert fire_due_timers(brokerage.factory).fired >= 1
    with brokerage.factory() as session:
        reminded = session.scalars(select(Notification)).all()
    assert {each.login for each in reminded} == {brokerage.owner}

    sale.do(
        "Task_OfferCall",
        offerCallOutcome="negotiate",
        negotiationRequest="Mažesnė įmoka",
        discountAsked=10,
        negotiationMeetingAt="2026-12-02T10:00",
    )
    sale.do(
        "Task_Negotiation",
        negotiationOutcome="further",
        negotiationRequest="Dar mažiau",
        discountAsked=10,
    )
    sale.do("Task_PrepareOffer", **{**discounted, "premium": 415})
    sale.do("Task_ApproveOffer", sale.product, offerApprovalOutcome="approve")
    sale.do("Task_OfferLetter", **letter)
    sale.do("Task_OfferCall", offerCallOutcome="accepts")
    sale.do(
        "Task_PrepareContract",
        contractNumber="S-1",
        contractStart="2026-12-15",
        contractEnd="2027-12-14",
        contractPremium=415,
        contractCommission=20,
        contractDeductible=500,
        contractInstalments=1,
    )
    sale.do("Task_ApproveContract", sale.product, contractApprovalOutcome="approve")
    sale.do("Task_ContractLetter", **letter)
    sale.do(
        "Task_Signing",
        signingOutcome="signed",
        signedOn="2026-12-02",
        signatureMethod="smart-id",
    )
    assert sale.tasks == []

    instance = sale.seller.get(f"/api/process-instances/{sale.id}")
    assert (instance["status"], instance["outcome"]) == ("completed", "signed")
    measures = [event["measure"] for event in instance["events"] if event.get("measure")]
    for measure in ("lead-contacted", "interested", "met", "offer-prepared", "offer-sent"):
        assert measure in measures
    deliver_due(brokerage.factory, brokerage.settings)
    with brokerage.factory() as session:
        letters = session.scalars(select(Letter).order_by(Letter.created_at)).all()
        states = session.scalars(select(OutboxEntry.state)).all()
        client = session.get_one(Client, brokerage.client_id)
    assert [each.template_key for each in letters] == ["intro", "offer", "offer", "contract"]
    assert set(states) == {"sent"}
    assert all(each.body.startswith("Gerb. ") for each in letters)
    assert client.status == "active"


def test_a_second_completion_is_a_conflict_with_a_code(brokerage):
    sale = Sale(brokerage)
    letter = {
        "introLetterOutcome": "send",
        "letterLanguage": "lt",
        "recipientEmail": "info@klientas.example",
    }
    task = sale.do("Task_IntroLetter", **letter)
    answer = sale.seller.complete(task, 409, **letter)
    assert answer["code"] == "task-already-completed"


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({}, "firstCallOutcome"),
        ({"firstCallOutcome": "perhaps"}, "firstCallOutcome"),
        ({"firstCallOutcome": "later"}, "callBackAt"),
        ({"firstCallOutcome": "interested", "premium": 1}, "premium"),
        ({"firstCallOutcome": "interested", "callBackAt": "2026-12-01T10:00"}, "callBackAt"),
    ],
)
def test_a_wrong_submission_is_refused_by_field(brokerage, variables, field):
    sale = Sale(brokerage)
    sale.do(
        "Task_IntroLetter",
        introLetterOutcome="send",
        letterLanguage="lt",
        recipientEmail="info@klientas.example",
    )
    answer = sale.seller.complete(sale.tasks[0], 422, **variables)
    assert field in answer["errors"]


def test_people_see_only_what_is_theirs(brokerage):
    sale = Sale(brokerage)
    other = next(name for name in ("jonas", "ruta", "egle") if name != brokerage.owner)
    stranger = Caller(brokerage, other)
    stranger.get(f"/api/process-instances/{sale.id}", 404)
    stranger.get(f"/api/tasks/{sale.tasks[0]['id']}", 404)
    stranger.complete(sale.tasks[0], 409, introLetterOutcome="no-email")
    mine = sale.seller.get("/api/tasks?scope=mine&status=open&limit=1")
    assert mine["total"] == 1 and mine["items"][0]["id"] == sale.tasks[0]["id"]
    assert stranger.get("/api/tasks?scope=mine")["total"] == 0


def test_an_unknown_client_or_process_is_refused_by_field(brokerage):
    seller = Caller(brokerage, brokerage.owner)
    body = {"process": "new-client-sale", "variables": {"clientId": 999_999, "productId": 1}}
    assert "clientId" in seller.post("/api/process-instances", body, 422)["errors"]
    unknown = {"process": "nothing", "variables": {}}
    assert "process" in seller.post("/api/process-instances", unknown, 422)["errors"]
