"""Random histories of sales and renewals together, with people away and clients of all kinds."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from broker_crm.crm.models import Client, Consent, ContactPerson, Interaction, Meeting
from broker_crm.people.models import Absence, User
from broker_crm.process.models import ProcessInstance, UserTask

from .story import ELEMENTS, SALE, Story

RENEWAL = "renewal"
OF_RENEWALS = {
    "offer-preparation": "Task_RenewalOffer",
    "offer-approval": "Task_ApproveOffer",
    "renewal-letter": "Task_RenewalLetter",
    "renewal-call": "Task_RenewalCall",
    "negotiation": "Task_RenewalNegotiation",
    "policy-check": "Task_PolicyCheck",
}
IN_RENEWALS = {
    "offer-letter": "renewal-letter",
    "offer-call": "renewal-call",
    "not-interested": "refuses",
}
"""Steps and outcomes of sales, as renewals call them."""
CLEAR = "legal/transport/small"
"""The segment of half of the sales, which is mostly interested."""


class TwoProcesses(Story):
    """Sales and renewals, half and half; one segment of the sales is often interested.

    Call `unsettle` for what is true of people and clients now.
    """

    def _case(self) -> None:
        if self.chance.random() < 0.5:
            self.process, self.elements = SALE, ELEMENTS
        else:
            self.process, self.elements = RENEWAL, OF_RENEWALS
        super()._case()

    def _begin(self) -> None:
        super()._begin()
        if self.process == SALE and self.chance.random() < 0.5:
            self.case.segment = CLEAR

    def _tell(self) -> str | None:
        return self._sell() if self.process == SALE else self._renew()

    def _step(self, step: str, outcomes: tuple[str, ...], *, days: int) -> str | None:
        clear = self.case.segment == CLEAR and self.chance.random() < 0.85
        if clear and "interested" in outcomes:
            outcomes = ("interested",)
        if self.process == RENEWAL:
            step = IN_RENEWALS.get(step, step)
            outcomes = tuple(IN_RENEWALS.get(each, each) for each in outcomes)
        return super()._step(step, outcomes, days=days)

    def _renew(self) -> str | None:
        if self.chance.random() < 0.1:
            return "not-renewable"
        if (ended := self._offer()) != "go on":
            unhappy = {"rejected": "offer-rejected", "refused": "lost-to-competitor"}
            return unhappy.get(ended) if ended else None
        for _round in range(3):
            said = self._step("negotiation", ("agreed", "new-offer", "refused"), days=3)
            if said is None:
                return None
            if said == "refused":
                return "lost-to-competitor"
            if said == "agreed":
                break
        if self._step("policy-check", ("match", "match", "mismatch"), days=2) is None:
            return None
        return self.chance.choice(("renewed-same-insurer", "renewed-other-insurer", "lapsed"))

    def unsettle(self) -> None:
        """People are away, meet, leave; work lies about; clients come, refuse, and are erased."""
        self._unsettle_work()
        self._unsettle_people()
        self._unsettle_clients()
        self.session.flush()

    def _unsettle_work(self) -> None:
        chance = self.chance
        held = select(UserTask).where(UserTask.status == "open")
        for task in self.session.scalars(held.order_by(UserTask.created_at, UserTask.id)):
            if chance.random() < 0.7:
                task.due_at = self._near(-12, 38)
            task.assignee = chance.choice((task.assignee, task.assignee, "asta", None))
            task.standard_minutes = chance.choice((20, 240, 900, 2400))

        for task in self.session.scalars(
            select(UserTask).where(UserTask.status == "completed").order_by(UserTask.created_at)
        ):
            case = self.session.get_one(ProcessInstance, task.instance_id)
            unlucky = case.outcome in ("lost-to-competitor", "refused", "rejected", "lapsed")
            if task.due_at is not None and chance.random() < (0.2 if unlucky else 0.04):
                task.due_at -= timedelta(days=chance.choice((3, 9, 20, 40)))

    def _unsettle_people(self) -> None:
        chance, session = self.chance, self.session
        for login in ("jonas", "ieva", "laura", "asta"):
            first = self._near(-5, 20).date()
            session.add(
                Absence(
                    login=login,
                    first_day=first,
                    last_day=first + timedelta(days=chance.randrange(0, 12)),
                )
            )
        for _each in range(40):
            session.add(
                Meeting(
                    id=UUID(int=chance.getrandbits(128), version=4),
                    organiser=chance.choice([*self.people, "asta"]),
                    title="Susitikimas",
                    starts_at=self._near(-3, 34),
                    minutes=chance.choice((30, 60, 240)),
                    status=chance.choice(("planned", "planned", "planned", "cancelled", "held")),
                    created_at=self.now,
                )
            )
        session.get_one(User, chance.choice(self.people)).active = False
        session.get_one(User, chance.choice(self.people)).team_key = None

    def _unsettle_clients(self) -> None:
        chance, session = self.chance, self.session
        clients = list(session.scalars(select(Client).order_by(Client.id).limit(90)))
        for client in clients:
            client.status = chance.choice(("prospect", "prospect", "prospect", "active", "former"))
            client.created_at = self._near(-300, 0)
            drawn = chance.random()
            if drawn < 0.05:
                client.erased_at = self.now
            elif drawn < 0.10:
                client.restricted_at = self.now
            elif drawn < 0.15:
                client.do_not_contact = True
            elif drawn < 0.20:
                client.merged_into = chance.choice(clients).id
            client.email = chance.choice((client.email, None, ""))
            client.phone = chance.choice((client.phone, None, None))
            if chance.random() < 0.1:
                client.email = chance.choice(clients).email
        for contact in session.scalars(select(ContactPerson).order_by(ContactPerson.id)):
            drawn = chance.random()
            if drawn < 0.2:
                contact.bounced_at = self.now
            elif drawn < 0.3:
                contact.ended_at = self.now
            contact.phone = chance.choice((contact.phone, None))
        for consent in session.scalars(select(Consent).order_by(Consent.id)):
            consent.channel = chance.choice(("any", "email", "phone"))
            consent.purpose = chance.choice(("marketing", "marketing", "marketing", "newsletter"))
            if chance.random() < 0.1:
                consent.given_at = self.now + timedelta(days=3)
            elif chance.random() < 0.2:
                consent.withdrawn_at = self.now + timedelta(days=chance.choice((-5, 5)))
        for client in clients[20:40:3]:
            session.add(Interaction(client_id=client.id, kind="call", at=self.now))

    def _near(self, first: int, last: int) -> datetime:
        """An instant so many days from now."""
        days = self.chance.uniform(first, last)
        return self.now + timedelta(days=days)
