"""The records that the steps of a written case leave, made as the product makes them.

The product asks the database what a case has so far; a written case has it in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm import contracts, meetings, offers, quotes
from broker_crm.crm.jobs import leave_note
from broker_crm.crm.models import (
    Contract,
    Insurer,
    Meeting,
    Offer,
    OfferStatus,
    Policy,
    PolicyStatus,
)
from broker_crm.crm.policies import agreed_policy, issued_facts, renewed_by
from broker_crm.db import Base
from broker_crm.process.jobs import CompletedStep, JobCall
from broker_crm.sample.numbering import Numbers


class CaseRecords:
    """Offers, contracts, needs, quotes, meetings and the policy of one case.

    Args:
        session: the caller flushes what is added.
        numbers: ids for rows that others name before they are written.
        kind: of the client.
    """

    def __init__(self, session: Session, numbers: Numbers, kind: str) -> None:
        self._session = session
        self._numbers = numbers
        self._kind = kind
        self._offers: list[Offer] = []
        self._contracts: list[Contract] = []
        self._needs = 0
        self._meeting: Meeting | None = None
        self.policy: Policy | None = None
        self.rows: list[Base] = []

    def follow(
        self,
        step: CompletedStep,
        variables: Mapping[str, Any],
        seen: Mapping[str, Any],
        asked_at: datetime,
    ) -> None:
        """Write what a completed step leaves.

        Args:
            step: just completed.
            variables: of the case, before the step.
            seen: what the step's task saw.
            asked_at: when it was opened.
        """
        leave_note(step)
        self._follow_offer(step, variables)
        self._follow_contract(step)
        if step.step in quotes.STEPS:
            quote = quotes.learnt(step, seen, asked_at)
            self.rows += [quote] if quote is not None else []
        meeting = meetings.follow(self._meeting, step, self._kind)
        if meeting is not None and meeting is not self._meeting:
            self.rows.append(meeting)
        self._meeting = meeting

    def issue(self, call: JobCall) -> Mapping[str, object]:
        """The job `issue-policy`: the policy that the case led to, its instalments come later."""
        name = str(call.job.variables.get("chosenInsurer"))
        insurer = self._session.scalars(select(Insurer).where(Insurer.name == name)).one()
        old = renewed_by(call)
        policy = agreed_policy(call, insurer, old)
        policy.id = self._numbers.next(Policy)
        self.policy = policy
        self.rows.append(policy)
        if self._contracts:
            self._contracts[-1].policy_id = policy.id
        return {"issued": issued_facts(policy, insurer, old)}

    def cancel(self, call: JobCall) -> Mapping[str, object]:
        """The job `cancel-policy`."""
        if self.policy is not None:
            self.policy.status, self.policy.renewed_from_id = PolicyStatus.CANCELLED, None
        return {}

    def open_offer(self) -> bool:
        """The client opens the offer sent last, unless it is answered; false when nothing is."""
        offer = self._offers[-1] if self._offers else None
        if offer is None or offer.status != OfferStatus.SENT or offer.opened_at is not None:
            return False
        offer.opened_at = clock.now()
        return True

    def _follow_offer(self, step: CompletedStep, variables: Mapping[str, Any]) -> None:
        if step.step == offers.PREPARED and offers.offers_something(step):
            for earlier in self._offers:
                if earlier.status != OfferStatus.REFUSED:
                    earlier.status = OfferStatus.REPLACED
            offer = offers.prepared(step, variables, len(self._offers) + 1)
            offer.id = self._numbers.next(Offer)
            self._offers.append(offer)
            self.rows.append(offer)
        elif step.step in offers.FOLLOWED and self._offers:
            offers.follow(self._offers[-1], step, variables)

    def _follow_contract(self, step: CompletedStep) -> None:
        if step.step == "needs-record":
            self._needs += 1
            self.rows.append(contracts.recorded(step, self._needs))
        elif step.step == "contract-preparation":
            offer = self._offers[-1] if self._offers else None
            contract = contracts.prepared(step, offer, len(self._contracts) + 1)
            contract.id = self._numbers.next(Contract)
            contract.offer_id = offer.id if offer else None
            self._contracts.append(contract)
            self.rows.append(contract)
        elif self._contracts:
            contracts.follow(self._contracts[-1], step)
