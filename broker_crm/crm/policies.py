"""Policies: what is in force, what diagrams decide by, and the policy that a case ends with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.crm import insurers
from broker_crm.crm.contracts import join_policy
from broker_crm.crm.models import Claim, Instalment, Insurer, Policy, PolicyCover, PolicyStatus
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.process.jobs import CompletedStep, JobCall

PRICE_BANDS = ((300, "P1"), (2_000, "P2"), (10_000, "P3"))
"""Upper bounds of the yearly premium in EUR; above the last one is P4."""
LOSS_YEARS = 3
CENT = Decimal("0.01")


def today() -> date:
    """The day in the office, Europe/Vilnius."""
    return clock.now().astimezone(OFFICE).date()


def price_band(premium: Decimal | float) -> str:
    """P1 below 300 EUR a year, P2 below 2,000, P3 to 10,000, P4 above."""
    for bound, band in PRICE_BANDS[:2]:
        if premium < bound:
            return band
    return "P3" if premium <= PRICE_BANDS[2][0] else "P4"


def active_policies(
    session: Session, client_id: int, product_id: int | None = None
) -> list[Policy]:
    """Policies in force or yet to begin, the one that ends first in front."""
    statement = (
        select(Policy)
        .where(
            Policy.client_id == client_id,
            Policy.status == PolicyStatus.ACTIVE,
            Policy.ends_on >= today(),
        )
        .order_by(Policy.ends_on, Policy.id)
    )
    if product_id is not None:
        statement = statement.where(Policy.product_id == product_id)
    return list(session.scalars(statement))


def policy_facts(session: Session, policy: Policy) -> dict[str, object]:
    """What diagrams, tables and templates may know of a policy; dates as ISO text."""
    insurer = session.get(Insurer, policy.insurer_id)
    return {
        "id": policy.id,
        "number": policy.number,
        "insurer": insurer.name if insurer else "",
        "productId": policy.product_id,
        "startsOn": policy.starts_on.isoformat(),
        "endsOn": policy.ends_on.isoformat(),
        "premium": float(policy.premium),
        "commission": float(policy.commission_percent),
        "sumInsured": None if policy.sum_insured is None else float(policy.sum_insured),
        "deductible": float(policy.deductible or 0),
        "instalments": policy.instalment_count,
        "covers": [each.cover for each in policy.covers],
        "firstTerm": policy.renewed_from_id is None,
        "notRenewable": policy.not_renewable,
        "priceBand": price_band(policy.premium),
        "lossRatio": loss_ratio(session, policy),
    }


def loss_ratio(session: Session, policy: Policy) -> float:
    """Paid and reserved claims over premiums, in percent, over three years of a policy's chain."""
    since = today() - timedelta(days=365 * LOSS_YEARS)
    chain, premiums = [policy.id], Decimal(policy.premium)
    before = policy.renewed_from_id
    while before is not None and len(chain) <= LOSS_YEARS:
        earlier = session.get_one(Policy, before)
        if earlier.ends_on < since:
            break
        chain.append(earlier.id)
        premiums += earlier.premium
        before = earlier.renewed_from_id
    claims = session.scalars(
        select(Claim).where(Claim.policy_id.in_(chain), Claim.happened_on >= since)
    )
    lost = sum((claim.paid + claim.reserve for claim in claims), Decimal(0))
    return float((lost / premiums * 100).quantize(CENT)) if premiums else 0.0


def issue_policy(call: JobCall) -> Mapping[str, object]:
    """Write the policy that the case led to, with its instalments.

    Reads `newPolicyNumber`, `newPolicyStart`, `newPolicyEnd`, `newPolicyPremium`, `commission`,
    `sumInsured`, `deductible`, `instalments`, `chosenInsurer`, and `policy` where it is renewed.
    Gives `issued`. A case issues one policy of one number, however often the job is run.

    Raises:
        PolicyRefused: when the numbers, days or insurer can't make a policy.
    """
    values = call.job.variables
    insurer = insurers.named(call.session, str(values.get("chosenInsurer")))
    if insurer is None:
        raise PolicyRefused(f"There is no insurer “{values.get('chosenInsurer')}”.")
    if call.case.client_id is None or call.case.product_id is None:
        raise PolicyRefused("The case has no client or no product.")
    number = str(values["newPolicyNumber"]).strip()
    old = renewed_by(call)
    policy = call.session.scalars(
        select(Policy).where(Policy.insurer_id == insurer.id, Policy.number == number)
    ).first()
    if policy is None:
        policy = agreed_policy(call, insurer, old)
        call.session.add(policy)
        call.session.flush()
        call.session.add_all(instalments_of(policy))
        call.session.flush()
        join_policy(call.session, policy)
    elif policy.instance_id != call.case.id:
        raise PolicyRefused(f"Policy {number} of {insurer.name} is there already.")
    return {"issued": issued_facts(policy, insurer, old)}


def agreed_policy(call: JobCall, insurer: Insurer, old: Policy | None) -> Policy:
    """The policy that a case led to, as its variables tell, with the covers agreed.

    Args:
        call: the job `issue-policy`.
        insurer: chosen.
        old: the policy that is renewed.
    """
    values = call.job.variables
    policy = Policy(
        number=str(values["newPolicyNumber"]).strip(),
        client_id=call.case.client_id,
        insurer_id=insurer.id,
        product_id=call.case.product_id,
        object_id=old.object_id if old else None,
        starts_on=date.fromisoformat(str(values["newPolicyStart"])[:10]),
        ends_on=date.fromisoformat(str(values["newPolicyEnd"])[:10]),
        premium=_money(values["newPolicyPremium"]),
        commission_percent=_money(values.get("commission") or 0),
        sum_insured=_money(values.get("sumInsured") or 0),
        deductible=_money(values.get("deductible") or 0),
        instalment_count=int(str(values.get("instalments") or 1)),
        status=PolicyStatus.ACTIVE,
        sales_type="renewal" if old else "new",
        renewed_from_id=old.id if old else None,
        owner=call.case.owner,
        instance_id=call.case.id,
        created_at=clock.now(),
    )
    policy.covers = covers_of(policy, values.get("covers"), old)
    return policy


def cancel_policy(call: JobCall) -> Mapping[str, object]:
    """Cancel the policy that the case issued, as its premium was never paid."""
    call.session.execute(
        update(Policy)
        .where(Policy.instance_id == call.case.id, Policy.status == PolicyStatus.ACTIVE)
        .values(status=PolicyStatus.CANCELLED, renewed_from_id=None)
    )
    return {}


def instalments_of(policy: Policy) -> list[Instalment]:
    """Equal parts of the premium, the first due on the day on which cover begins.

    The cents that can't be divided evenly are in the first part.
    """
    count = max(1, policy.instalment_count)
    part = (policy.premium / count).quantize(CENT, ROUND_HALF_UP)
    days = (policy.ends_on - policy.starts_on).days + 1
    return [
        Instalment(
            policy_id=policy.id,
            number=index + 1,
            due_on=policy.starts_on + timedelta(days=days * index // count),
            amount=part if index else policy.premium - part * (count - 1),
        )
        for index in range(count)
    ]


def covers_of(policy: Policy, covers: object, old: Policy | None = None) -> list[PolicyCover]:
    """The covers that were agreed, else those of the policy renewed, each with the sum insured."""
    agreed = (
        covers if isinstance(covers, list) else [each.cover for each in old.covers] if old else []
    )
    return [
        PolicyCover(
            cover=str(cover)[:60], sum_insured=policy.sum_insured, deductible=policy.deductible
        )
        for cover in dict.fromkeys(agreed)
    ]


def check_new_policy(step: CompletedStep) -> None:
    """Refuse a policy whose days are in the wrong order, or whose number is another one's.

    Raises:
        FormRejected: naming the field.
    """
    values = step.values
    number, begins, ends = (
        str(values.get(key) or "").strip()
        for key in ("newPolicyNumber", "newPolicyStart", "newPolicyEnd")
    )
    if begins and ends and ends[:10] <= begins[:10]:
        raise FormRejected({"newPolicyEnd": [FieldError("endsBeforeStart")]})
    if number and _is_anothers(step, number):
        raise FormRejected({"newPolicyNumber": [FieldError("numberTaken")]})


def _is_anothers(step: CompletedStep, number: str) -> bool:
    statement = select(Policy.id).where(
        Policy.number == number,
        or_(Policy.instance_id.is_(None), Policy.instance_id != step.case.id),
    )
    return step.session.scalars(statement.limit(1)).first() is not None


class PolicyRefused(Exception):
    """A policy can't be written as asked; the message says why."""


def renewed_by(call: JobCall) -> Policy | None:
    """The policy that the case renews, if it renews one."""
    old = call.job.variables.get("policy")
    identifier = old.get("id") if isinstance(old, Mapping) else None
    return call.session.get(Policy, identifier) if isinstance(identifier, int) else None


def issued_facts(policy: Policy, insurer: Insurer, old: Policy | None) -> dict[str, object]:
    """What the case knows of the policy that came of it, under `issued`."""
    first = instalments_of(policy)[0]
    return {
        "id": policy.id,
        "number": policy.number,
        "insurer": insurer.name,
        "startsOn": policy.starts_on.isoformat(),
        "endsOn": policy.ends_on.isoformat(),
        "premium": float(policy.premium),
        "firstAmount": float(first.amount),
        "firstDueOn": first.due_on.isoformat(),
        "sameInsurer": old is not None and old.insurer_id == policy.insurer_id,
    }


def _money(value: object) -> Decimal:
    return Decimal(str(value)).quantize(CENT, ROUND_HALF_UP)
