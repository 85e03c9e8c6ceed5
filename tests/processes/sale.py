"""Walks one sale to a new client through the engine, under a clock that stands still."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from broker_crm import clock
from broker_crm.calendar import WorkingCalendar
from broker_crm.engine import commands
from broker_crm.engine.definition import CompiledProcess, Source, compile_process
from broker_crm.engine.run import Surroundings
from broker_crm.engine.transition import CreatedTask, DueTimer, Job, Transition

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
CALENDAR = WorkingCalendar()
START: dict[str, Any] = {
    "clientId": 1,
    "productId": 2,
    "owner": "rasa",
    "productManager": "product",
    "productClass": "B",
    "clientKind": "legal",
    "vip": False,
    "client": {
        "id": 1,
        "name": "UAB „Bandymas“",
        "kind": "legal",
        "vip": False,
        "language": "lt",
        "email": "info@bandymas.example",
        "consent": {"marketing": True},
        "doNotContact": False,
        "existing": False,
    },
    "product": {"id": 2, "key": "liability", "name": "Civilinė atsakomybė", "class": "B"},
    "standardTerms": {
        "insurer": "Gintaras Draudimas",
        "premiumRate": 0.0012,
        "minPremium": 150,
        "commission": 18,
        "deductible": 500,
        "maxDiscount": 15,
    },
}


@cache
def new_client_sale() -> CompiledProcess:
    tables = {path.name: path.read_bytes() for path in (ROOT / "bpmn").glob("*.dmn")}
    name = "new_client_sale.bpmn"
    return compile_process(
        Source("new-client-sale", {name: (ROOT / "bpmn" / name).read_bytes()}, tables)
    )


def _deviation(known: Mapping[str, Any]) -> dict[str, float]:
    """What the product's job finds, for the standard terms of the start."""
    terms = known["standardTerms"]
    standard = max(terms["minPremium"], known["sumInsured"] * terms["premiumRate"])
    return {
        "standardPremium": standard,
        "premiumPercent": round((standard - known["premium"]) / standard * 100, 2),
        "commissionPoints": terms["commission"] - known["commission"],
        "deductibleDifference": known["deductible"] - terms["deductible"],
        "commissionEffect": 0,
    }


class Sale:
    """A running sale; every method completes the open task of one step."""

    def __init__(self, **changes: Any) -> None:
        self.clock = clock.SimulatedClock(MONDAY)
        self.process = new_client_sale()
        self.jobs: list[Job] = []
        self.measures: list[str] = []
        self.tasks: dict[Any, CreatedTask] = {}
        self.timers: dict[Any, DueTimer] = {}
        self.around = Surroundings(calendar=CALENDAR, run_job=self._job)
        variables = {**START, **changes}
        variables["client"] = {**START["client"], **changes.get("client", {})}
        with clock.use(self.clock):
            self._take(commands.start(self.process, variables, self.around))

    def _job(self, job: Job) -> Mapping[str, object]:
        if job.type == "compare-offer":
            return {"deviation": _deviation(job.variables)}
        self.jobs.append(job)
        return {"insurers": []} if job.type == "gather-sales-facts" else {}

    def _take(self, result: tuple[bytes, Transition]) -> None:
        self.state, transition = result
        gone = [task.id for task in transition.completed] + list(transition.cancelled)
        for task_id in gone:
            self.tasks.pop(task_id, None)
        self.tasks.update({task.id: task for task in transition.created})
        self.timers.update({timer.id: timer for timer in transition.timers})
        for timer_id in transition.timers_gone:
            self.timers.pop(timer_id, None)
        self.measures += [event.measure for event in transition.events if event.measure]

    @property
    def open(self) -> list[str]:
        return [task.element_id for task in self.tasks.values()]

    @property
    def task(self) -> CreatedTask:
        (task,) = self.tasks.values()
        return task

    @property
    def outcome(self) -> object:
        """What the last job recorded as the outcome of the case."""
        return self.jobs[-1].headers["outcome"] if not self.tasks and self.jobs else None

    def do(self, element_id: str, **variables: Any) -> Sale:
        assert self.open == [element_id]
        self.clock.advance(timedelta(minutes=10))
        with clock.use(self.clock):
            self._take(
                commands.complete(self.process, self.state, self.task.id, variables, self.around)
            )
        return self

    def wait_for(self, element_id: str) -> Sale:
        timer = next(timer for timer in self.timers.values() if timer.element_id == element_id)
        self.clock.set(max(timer.due_at, self.clock.now()) + timedelta(seconds=1))
        with clock.use(self.clock):
            self._take(commands.fire_timer(self.process, self.state, timer.id, self.around))
        return self

    def contact(self) -> Sale:
        return self.do(
            "Task_IntroLetter",
            introLetterOutcome="send",
            letterLanguage="lt",
            recipientEmail="info@bandymas.example",
        )

    def to_offer(self) -> Sale:
        self.contact().do("Task_FirstCall", firstCallOutcome="interested")
        self.do("Task_PlanMeeting", meetingAt="2026-03-10T10:00")
        self.do(
            "Task_Meeting",
            meetingOutcome="interested-further",
            sumInsured=250000,
            covers=["fire"],
            discountAsked=5,
            deductible=500,
        )
        return self.do("Task_NeedsRecord", sumInsured=250000, covers=["fire"])

    def offer(self, premium: float = 300) -> Sale:
        return self.do(
            "Task_PrepareOffer",
            sumInsured=250000,
            deductible=500,
            covers=["fire"],
            premium=premium,
            commission=18,
            instalments=1,
            offerValidUntil="2026-04-20",
        )

    def send_offer(self) -> Sale:
        return self.do(
            "Task_OfferLetter", letterLanguage="lt", recipientEmail="info@bandymas.example"
        )

    def contract(self) -> Sale:
        return self.do(
            "Task_PrepareContract",
            contractNumber="N-1",
            contractStart="2026-05-01",
            contractEnd="2027-04-30",
            contractPremium=300,
            contractCommission=18,
            contractDeductible=500,
            contractInstalments=1,
        )

    def send_contract(self) -> Sale:
        self.do("Task_ApproveContract", contractApprovalOutcome="approve")
        return self.do(
            "Task_ContractLetter", letterLanguage="lt", recipientEmail="info@bandymas.example"
        )
