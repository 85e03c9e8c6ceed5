"""Random histories of sales: rows as the product writes them, at random times, by random people."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm.models import Client, Offer, OfferDeviation, OfferLine, Product
from broker_crm.definitions.published import latest_version
from broker_crm.people.models import Role, User, UserRole
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import InstanceStatus, ProcessEvent, ProcessInstance, UserTask

SALE = "new-client-sale"
ELEMENTS = {
    "first-call": "Task_FirstCall",
    "meeting": "Task_Meeting",
    "offer-preparation": "Task_PrepareOffer",
    "offer-approval": "Task_ApproveOffer",
    "offer-letter": "Task_OfferLetter",
    "offer-call": "Task_OfferCall",
    "negotiation": "Task_Negotiation",
    "contract-preparation": "Task_PrepareContract",
    "contract-approval": "Task_ApproveContract",
    "signing": "Task_Signing",
}
SEGMENTS = (
    "legal/transport/small",
    "legal/it/large",
    "foreign/it/micro",
    "natural",
    "legal/health/micro",
)


class Story:
    """A brokerage with a past of its own.

    Args:
        session: the test commits.
        seed: equal seeds tell equal stories.
        cases: how many.
    """

    def __init__(self, session: Session, seed: int, cases: int = 60) -> None:
        self.session = session
        self.chance = random.Random(seed)
        self.calendar = company_calendar(session)
        self.process, self.elements = SALE, ELEMENTS
        self.people = list(
            session.scalars(
                select(User.login)
                .join(UserRole, UserRole.login == User.login)
                .where(UserRole.role == Role.SALESPERSON)
                .order_by(User.login)
            )
        )[:5]
        self.clients = list(session.scalars(select(Client.id).order_by(Client.id).limit(20)))
        self.products = list(session.scalars(select(Product).order_by(Product.id).limit(4)))
        self.now = clock.now()
        for _each in range(cases):
            self._case()
        session.flush()

    def _case(self) -> None:
        self._begin()
        outcome = self._tell()
        if outcome is not None:
            self.case.status, self.case.outcome = InstanceStatus.COMPLETED, outcome
            self.case.ended_at = self.at
            self.case.reason = self.chance.choice(("price", "competitor", None))
        self._event("instance-completed" if outcome else "element-passed")

    def _tell(self) -> str | None:
        """The outcome of the case; None while it goes on."""
        return self._sell()

    def _begin(self) -> None:
        chance = self.chance
        self.version = latest_version(self.session, self.process)
        began = self.now - timedelta(days=chance.randrange(2, 300), minutes=chance.randrange(1440))
        product = chance.choice(self.products)
        self.case = ProcessInstance(
            version_id=self.version.id,
            first_version_id=self.version.id,
            process_key=self.process,
            title="Byla",
            client_id=chance.choice(self.clients),
            product_id=product.id,
            owner=chance.choice(self.people),
            started_at=began,
            segment=chance.choice(SEGMENTS),
            vip=chance.random() < 0.2,
            region=chance.choice(("Vilnius", "Kaunas", "")),
            complexity=product.complexity,
            state=b"x",
        )
        self.case.id = UUID(int=chance.getrandbits(128), version=4)
        self.session.add(self.case)
        self.session.flush()
        self.offers: list[Offer] = []
        self.product = product
        self.at = began
        self.loops: dict[str, int] = {}

    def _sell(self) -> str | None:
        for _attempt in range(3):
            said = self._step(
                "first-call", ("interested", "not-interested", "no-answer", "later"), days=3
            )
            if said is None:
                return None
            if said == "not-interested":
                return "not-interested"
            if said == "interested":
                break
        else:
            return "unreachable"
        for _attempt in range(2):
            said = self._step(
                "meeting", ("interested-further", "not-interested", "no-show"), days=5
            )
            if said is None:
                return None
            if said != "no-show":
                break
        if said != "interested-further":
            return "no-show" if said == "no-show" else "not-interested"
        if (ended := self._offer()) != "go on":
            return ended
        for _round in range(3):
            said = self._step("negotiation", ("agreed", "further", "refused", "no-show"), days=5)
            if said is None:
                return None
            if said == "refused":
                return "refused"
            if said == "agreed":
                break
            if said == "further" and (ended := self._offer()) != "go on":
                return ended
        if self._step("contract-preparation", (), days=2) is None:
            return None
        if self._step("contract-approval", ("approve",), days=1) is None:
            return None
        return self._step("signing", ("signed", "refused"), days=5)

    def _offer(self) -> str | None:
        for _round in range(3):
            if self._step("offer-preparation", (), days=3) is None:
                return None
            said = self._step("offer-approval", ("approve", "approve", "return", "reject"), days=1)
            if said is None:
                return None
            if said == "reject":
                return "rejected"
            if said == "approve":
                break
        else:
            return "rejected"
        self._write_offer()
        if self._step("offer-letter", (), days=1) is None:
            return None
        said = self._step("offer-call", ("accepts", "negotiate", "not-interested"), days=3)
        if said is None:
            return None
        return "go on" if said in ("accepts", "negotiate") else "refused"

    def _write_offer(self) -> None:
        for each in self.offers:
            each.status = "replaced"
        standard = Decimal(self.chance.randrange(200, 3000))
        discount = Decimal(self.chance.choice((0, 0, 5, 12)))
        premium = standard * (100 - discount) / 100
        offer = Offer(
            client_id=self.case.client_id,
            instance_id=self.case.id,
            version=len(self.offers) + 1,
            status="sent",
            prepared_by=self.chance.choice(self.people),
            prepared_at=self.at,
            approved_by=self.chance.choice((None, "product")),
        )
        line = OfferLine(
            product_id=self.product.id,
            premium=premium,
            commission_percent=Decimal(15),
            standard_premium=standard,
            standard_commission_percent=Decimal(18),
            premium_deviation_percent=discount,
            commission_deviation=Decimal(3),
            premium_effect=standard - premium,
            commission_effect=standard * 18 / 100 - premium * 15 / 100,
            other_premium_effect=Decimal(0),
            other_commission_effect=Decimal(0),
        )
        if self.chance.random() < 0.3:
            line.deviations.append(
                OfferDeviation(
                    kind="deductible",
                    standard=Decimal(500),
                    offered=Decimal(300),
                    difference=Decimal(-200),
                    premium_effect=Decimal(0),
                    commission_effect=Decimal(0),
                )
            )
        offer.lines.append(line)
        self.session.add(offer)
        self.offers.append(offer)

    def _step(self, step: str, outcomes: tuple[str, ...], *, days: int) -> str | None:
        """What came of the step; None when it is still open, '' when it has no outcomes."""
        chance = self.chance
        created = self.at
        holder: str | None = chance.choice(self.people)
        first = holder
        self.loops[step] = self.loops.get(step, 0) + 1
        moves: list[tuple[datetime, str]] = []
        done: datetime | None = created + timedelta(hours=chance.expovariate(1 / (days * 16)))
        assert done is not None
        if chance.random() < 0.15:
            moves.append((created + (done - created) * chance.random(), chance.choice(self.people)))
        if done > self.now or chance.random() < 0.04:
            done = None
            moves = [move for move in moves if move[0] < self.now]
        holder = moves[-1][1] if moves else holder
        outcome = chance.choice(outcomes) if outcomes else None
        started = None if done is None else created + (done - created) * chance.random()
        task = UserTask(
            id=UUID(int=chance.getrandbits(128), version=4),
            instance_id=self.case.id,
            version_id=self.version.id,
            client_id=self.case.client_id,
            element_id=self.elements[step],
            step=step,
            name=step,
            assignee=holder,
            status="open" if done is None else "completed",
            created_at=created,
            started_at=started,
            due_at=self.calendar.due_at(created, days),
            completed_at=done,
            completed_by=None if done is None else holder,
            outcome=outcome if done is not None else None,
            loop_number=self.loops[step],
            standard_working_days=days,
            standard_minutes=30,
            standard_cost=10,
            actual_minutes=None if done is None else chance.choice((None, 20.0, 45.0)),
        )
        self.session.add(task)
        self._event("task-created", task)
        giver = first
        for at, to in moves:
            self._event("task-reassigned", task, at=at, value={"from": giver, "to": to})
            giver = to
        if done is None:
            return None
        self._event("task-completed", task, at=done)
        self.at = done
        return outcome or ""

    def _event(
        self,
        kind: str,
        task: UserTask | None = None,
        *,
        at: datetime | None = None,
        value: Any = None,
    ) -> None:
        self.session.add(
            ProcessEvent(
                instance_id=self.case.id,
                version_id=self.version.id,
                kind=kind,
                at=(at or self.at).astimezone(UTC),
                task_id=task.id if task else None,
                value=value,
            )
        )
