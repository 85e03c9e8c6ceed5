"""The records that the steps of a written case leave, as the product's own listeners make them.

The listeners ask the database what the case has so far; a written case has it in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm.contracts import STATUS_AFTER
from broker_crm.crm.jobs import leave_note
from broker_crm.crm.meetings import MEETING_STEPS, MINUTES, NO_SHOW, TIMES
from broker_crm.crm.models import (
    Contract,
    ContractStatus,
    Insurer,
    Meeting,
    NeedsRecord,
    Offer,
    OfferStatus,
    Policy,
)
from broker_crm.crm.offers import ANSWERED, ANSWERS, APPROVED, PREPARED, SENT, line_of
from broker_crm.db import Base
from broker_crm.engine.instants import instant
from broker_crm.process.jobs import CompletedStep, JobCall
from broker_crm.sample.numbering import Numbers


class CaseRecords:
    """Offers, contracts, needs, meetings and the policy of one case.

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

    def follow(self, step: CompletedStep, variables: Mapping[str, Any]) -> None:
        """Write what a completed step leaves.

        Args:
            step: just completed.
            variables: of the case, before the step.
        """
        leave_note(step)
        self._follow_offer(step, variables)
        self._follow_contract(step)
        if step.step == "needs-record":
            self._keep_needs(step)
        self._follow_meeting(step)

    def issue(self, call: JobCall) -> Mapping[str, object]:
        """The job `issue-policy`: the policy that the case led to, its instalments come later."""
        values, case = call.job.variables, call.case
        assert case.client_id is not None and case.product_id is not None
        name = str(values.get("chosenInsurer"))
        insurer = self._session.scalars(select(Insurer).where(Insurer.name == name)).one()
        facts = values.get("policy")
        renewed = facts.get("id") if isinstance(facts, Mapping) else None
        old = self._session.get(Policy, renewed) if isinstance(renewed, int) else None
        policy = Policy(
            id=self._numbers.next(Policy),
            number=str(values["newPolicyNumber"]),
            client_id=case.client_id,
            insurer_id=insurer.id,
            product_id=case.product_id,
            object_id=old.object_id if old else None,
            starts_on=_day(values["newPolicyStart"]),
            ends_on=_day(values["newPolicyEnd"]),
            premium=_money(values["newPolicyPremium"]),
            commission_percent=_money(values.get("commission") or 0),
            sum_insured=_money(values.get("sumInsured") or 0),
            deductible=_money(values.get("deductible") or 0),
            instalment_count=int(str(values.get("instalments") or 1)),
            status="active",
            sales_type="renewal" if old else "new",
            renewed_from_id=old.id if old else None,
            owner=case.owner,
            instance_id=case.id,
            created_at=clock.now(),
        )
        self.policy = policy
        self.rows.append(policy)
        if self._contracts:
            self._contracts[-1].policy_id = policy.id
        first = _money(policy.premium / policy.instalment_count)
        return {
            "issued": {
                "id": policy.id,
                "number": policy.number,
                "insurer": insurer.name,
                "startsOn": policy.starts_on.isoformat(),
                "endsOn": policy.ends_on.isoformat(),
                "premium": float(policy.premium),
                "firstAmount": float(policy.premium - first * (policy.instalment_count - 1)),
                "firstDueOn": policy.starts_on.isoformat(),
                "sameInsurer": old is not None and old.insurer_id == policy.insurer_id,
            }
        }

    def cancel(self, call: JobCall) -> Mapping[str, object]:
        """The job `cancel-policy`."""
        if self.policy is not None:
            self.policy.status, self.policy.renewed_from_id = "cancelled", None
        return {}

    def _follow_offer(self, step: CompletedStep, variables: Mapping[str, Any]) -> None:
        if step.step == PREPARED:
            self._prepare_offer(step)
            return
        if not self._offers:
            return
        offer, now = self._offers[-1], clock.now()
        if step.step in APPROVED and step.outcome == "approve":
            offer.approved_by, offer.approved_at = step.by, now
            offer.status = OfferStatus.APPROVED
        elif step.step in SENT:
            approval = variables.get("approval")
            level = approval.get("level") if isinstance(approval, Mapping) else "none"
            offer.approval_level = str(level)
            offer.status, offer.sent_at = OfferStatus.SENT, now
        elif step.step in ANSWERED and step.outcome in ANSWERS:
            offer.status, offer.decided_at = ANSWERS[step.outcome], now

    def _prepare_offer(self, step: CompletedStep) -> None:
        values = step.values
        for earlier in self._offers:
            if earlier.status != OfferStatus.REFUSED:
                earlier.status = OfferStatus.REPLACED
        until = values.get("offerValidUntil")
        offer = Offer(
            id=self._numbers.next(Offer),
            client_id=step.case.client_id,
            instance_id=step.case.id,
            version=len(self._offers) + 1,
            status=OfferStatus.DRAFT,
            valid_until=_day(until) if until else None,
            note=str(values.get("recommendation") or ""),
            corrections=str(values.get("deviationReason") or ""),
            prepared_by=step.by,
            prepared_at=clock.now(),
            lines=[line_of(step)],
        )
        self._offers.append(offer)
        self.rows.append(offer)

    def _follow_contract(self, step: CompletedStep) -> None:
        if step.step == "contract-preparation":
            self._prepare_contract(step)
            return
        if not self._contracts:
            return
        contract, now = self._contracts[-1], clock.now()
        if step.step == "contract-letter":
            contract.status, contract.sent_at = ContractStatus.SENT, now
            return
        status = STATUS_AFTER.get((step.step, step.outcome or ""))
        contract.status = status or contract.status
        if status is ContractStatus.APPROVED:
            contract.approved_by, contract.approved_at = step.by, now
        elif status is ContractStatus.SIGNED:
            contract.signed_at = now
            contract.signing_method = str(step.values.get("signatureMethod") or "") or None
        elif status is ContractStatus.REFUSED:
            contract.refusal_reason = step.reason

    def _prepare_contract(self, step: CompletedStep) -> None:
        values = step.values
        offer = self._offers[-1] if self._offers else None
        contract = Contract(
            id=self._numbers.next(Contract),
            client_id=step.case.client_id,
            instance_id=step.case.id,
            offer_id=offer.id if offer else None,
            version=len(self._contracts) + 1,
            number=str(values.get("contractNumber") or "") or None,
            status=ContractStatus.DRAFT,
            starts_on=_day(values["contractStart"]),
            ends_on=_day(values["contractEnd"]),
            premium=_money(values["contractPremium"]),
            sum_insured=offer.lines[0].sum_insured if offer else None,
            deductible=_money(values.get("contractDeductible") or 0),
            commission_percent=_money(values.get("contractCommission") or 0),
            instalments=int(str(values.get("contractInstalments") or 1)),
            differences={},
            prepared_by=step.by,
            prepared_at=clock.now(),
        )
        self._contracts.append(contract)
        self.rows.append(contract)

    def _keep_needs(self, step: CompletedStep) -> None:
        self._needs += 1
        now, confirmed = clock.now(), bool(step.values.get("needsConfirmed"))
        self.rows.append(
            NeedsRecord(
                client_id=step.case.client_id,
                product_id=step.case.product_id,
                instance_id=step.case.id,
                task_id=step.task_id,
                version=self._needs,
                answers=dict(step.values),
                confirmed_at=now if confirmed else None,
                confirmed_how=str(step.values.get("needsConfirmedBy") or "") or None,
                recorded_by=step.by,
                recorded_at=now,
            )
        )

    def _follow_meeting(self, step: CompletedStep) -> None:
        planned = self._meeting
        if planned is not None and step.step in MEETING_STEPS:
            planned.status = NO_SHOW if step.outcome == NO_SHOW else "held"
            planned.task_id, planned.sequence = step.task_id, planned.sequence + 1
            planned = self._meeting = None
        told = next((step.values[field] for field in TIMES if step.values.get(field)), None)
        if told is None or planned is not None:
            return
        places = {"office": "Biure", "client": "Pas klientą", "remote": "Vaizdo skambutis"}
        self._meeting = Meeting(
            client_id=step.case.client_id,
            instance_id=step.case.id,
            organiser=step.case.owner or step.by,
            title=step.case.title[:300],
            starts_at=instant(told),
            minutes=MINUTES.get(self._kind, 60),
            place=places.get(str(step.values.get("meetingPlace")), ""),
            status="planned",
            sequence=0,
            created_at=clock.now(),
        )
        self.rows.append(self._meeting)


def _day(value: object) -> date:
    return date.fromisoformat(str(value)[:10])


def _money(value: object) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))
