"""Contracts as completed steps make them, compared with the accepted offer; needs and quotes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm.models import Contract, ContractStatus, NeedsRecord, Offer, Policy
from broker_crm.crm.offers import completed_at, latest_offer
from broker_crm.process import jobs
from broker_crm.process.jobs import CompletedStep

STATUS_AFTER = {
    ("contract-approval", "approve"): ContractStatus.APPROVED,
    ("signing", "signed"): ContractStatus.SIGNED,
    ("signing", "refused"): ContractStatus.REFUSED,
}
SENT = "contract-letter"


def latest_contract(session: Session, instance_id: object) -> Contract | None:
    """The newest version of a case's contract."""
    return session.scalars(
        select(Contract)
        .where(Contract.instance_id == instance_id)
        .order_by(Contract.version.desc())
        .limit(1)
    ).first()


def keep_contract(step: CompletedStep) -> None:
    """Write what a completed step did to the case's contract."""
    if step.case.client_id is None:
        return
    if step.step == "needs-record":
        _keep_needs(step)
        return
    if step.step == "contract-preparation":
        _prepare(step)
        return
    moves = step.step == SENT or (step.step, step.outcome or "") in STATUS_AFTER
    contract = latest_contract(step.session, step.case.id) if moves else None
    if contract is not None:
        follow(contract, step)


def follow(contract: Contract, step: CompletedStep) -> None:
    """Move the newest contract of a case on by a completed step: sent, approved, answered."""
    now = clock.now()
    if step.step == SENT:
        contract.status, contract.sent_at = ContractStatus.SENT, now
        return
    status = STATUS_AFTER.get((step.step, step.outcome or ""))
    contract.status = status or contract.status
    if status is ContractStatus.APPROVED:
        contract.approved_by, contract.approved_at = step.by, now
    elif status is ContractStatus.SIGNED:
        contract.signed_at = now
        contract.signing_method = str(step.values.get("signatureMethod") or "")[:40] or None
    elif status is ContractStatus.REFUSED:
        contract.refusal_reason = (step.reason or "")[:300] or None


def join_policy(session: Session, policy: Policy) -> None:
    """Note which policy came of the case's contract."""
    contract = latest_contract(session, policy.instance_id)
    if contract is not None:
        contract.policy_id = policy.id


def register_all() -> None:
    """Follow completed steps; safe to repeat."""
    jobs.after_completion(keep_contract)


def _prepare(step: CompletedStep) -> None:
    session = step.session
    version = session.scalar(
        select(func.max(Contract.version)).where(Contract.instance_id == step.case.id)
    )
    contract = prepared(step, latest_offer(session, step.case.id), (version or 0) + 1)
    contract.prepared_at = completed_at(step)
    session.add(contract)
    session.flush()


def prepared(step: CompletedStep, offer: Offer | None, version: int) -> Contract:
    """The contract that a completed step prepared, compared with the newest offer of the case."""
    values = step.values
    agreed = offer.lines[0] if offer is not None and offer.lines else None
    contract = Contract(
        client_id=step.case.client_id,
        instance_id=step.case.id,
        offer_id=offer.id if offer else None,
        version=version,
        status=ContractStatus.DRAFT,
        number=str(values.get("contractNumber") or "")[:60] or None,
        starts_on=_day(values.get("contractStart")),
        ends_on=_day(values.get("contractEnd")),
        premium=_decimal(values["contractPremium"]),
        sum_insured=agreed.sum_insured if agreed else None,
        deductible=_decimal(values.get("contractDeductible") or 0),
        commission_percent=_decimal(values.get("contractCommission") or 0),
        instalments=int(str(values.get("contractInstalments") or 1)),
        prepared_by=step.by,
        prepared_at=clock.now(),
        differences={},
    )
    if agreed is not None:
        pairs = {
            "premium": (agreed.premium, contract.premium),
            "deductible": (agreed.deductible, contract.deductible),
            "commission": (agreed.commission_percent, contract.commission_percent),
            "instalments": (agreed.instalments, contract.instalments),
        }
        contract.differences = {
            name: [str(offered), str(written)]
            for name, (offered, written) in pairs.items()
            if offered != written
        }
    return contract


def _keep_needs(step: CompletedStep) -> None:
    session = step.session
    version = session.scalar(
        select(func.max(NeedsRecord.version)).where(NeedsRecord.instance_id == step.case.id)
    )
    session.add(recorded(step, (version or 0) + 1))
    session.flush()


def recorded(step: CompletedStep, version: int) -> NeedsRecord:
    """The needs that a completed step recorded."""
    confirmed = bool(step.values.get("needsConfirmed"))
    return NeedsRecord(
        client_id=step.case.client_id,
        product_id=step.case.product_id,
        instance_id=step.case.id,
        task_id=step.task_id,
        version=version,
        answers=dict(step.values),
        confirmed_at=clock.now() if confirmed else None,
        confirmed_how=str(step.values.get("needsConfirmedBy") or "") or None,
        recorded_by=step.by,
        recorded_at=clock.now(),
    )


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)[:10]) if value else None


def _decimal(value: object) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))
