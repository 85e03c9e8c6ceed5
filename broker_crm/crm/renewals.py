"""Renewals: each policy that nears its end starts one renewal case, by itself or by hand."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import product as combinations

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, sessionmaker

from broker_crm import clock
from broker_crm.crm.cases import RENEWAL, CaseRejected, start_automatically
from broker_crm.crm.models import (
    Claim,
    Client,
    ClientKind,
    Complaint,
    Endorsement,
    Instalment,
    Insurer,
    Opportunity,
    Policy,
    PolicyStatus,
    Product,
    RenewalStart,
    StandardTerms,
)
from broker_crm.crm.policies import (
    LOSS_YEARS,
    PRICE_BANDS,
    cancel_policy,
    check_new_policy,
    issue_policy,
    today,
)
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.published import NotPublished, compiled
from broker_crm.engine.decisions import decide
from broker_crm.engine.errors import RuleFailed
from broker_crm.process import duties, jobs
from broker_crm.process.experiments.drawing import version_in_force
from broker_crm.process.jobs import CompletedStep, JobCall
from broker_crm.process.models import Incident, ProcessInstance
from broker_crm.process.transactions import Command, raise_incident
from broker_crm.process.variables import instance_variables

log = logging.getLogger(__name__)
PLAN = "RenewalPlan"
CHUNK = 20
"""Cases that one sweep starts at most."""
_LEAD_DAYS: dict[str, Mapping[tuple[str, str, str], int]] = {}
"""By the content of the process version."""


def start_due(factory: sessionmaker[Session], stopping: Callable[[], bool]) -> int:
    """Start the renewals whose lead time (decision table D5) has come; a worker's duty.

    Also marks policies past their last day as expired. Each case is started in its own
    transaction; the table of starts lets only one worker succeed.

    Returns:
        How many were started.
    """
    with factory.begin() as session:
        session.execute(
            update(Policy)
            .where(Policy.status == PolicyStatus.ACTIVE, Policy.ends_on < today())
            .values(status=PolicyStatus.EXPIRED)
        )
        try:
            version = version_in_force(session, RENEWAL)
        except NotPublished:
            return 0
        due = due_policies(session, version)
    started = 0
    for policy_id in due:
        if stopping():
            break
        started += _start_one(factory, policy_id)
    return started


def due_policies(session: Session, version: ProcessVersion, limit: int = CHUNK) -> list[int]:
    """Ids of the policies whose renewal should begin by today, the first to end in front."""
    newer = aliased(Policy)
    statement = (
        select(Policy.id)
        .join(Client, Client.id == Policy.client_id)
        .join(Product, Product.id == Policy.product_id)
        .outerjoin(RenewalStart, RenewalStart.policy_id == Policy.id)
        .outerjoin(newer, newer.renewed_from_id == Policy.id)
        .where(
            Policy.status == PolicyStatus.ACTIVE,
            Policy.ends_on >= today(),
            RenewalStart.policy_id.is_(None),
            newer.id.is_(None),
            Client.merged_into.is_(None),
            Client.erased_at.is_(None),
            Policy.id.not_in(_parked(session)),
            _lead_time_has_come(session, version),
        )
        .order_by(Policy.ends_on, Policy.id)
        .limit(limit)
    )
    return list(session.scalars(statement))


def lead_days(session: Session, version: ProcessVersion) -> Mapping[tuple[str, str, str], int]:
    """Days before the end by product class, price band and kind of client, as D5 says."""
    if version.content_hash not in _LEAD_DAYS:
        decisions = compiled(session, version.id).decisions
        bands = [band for _bound, band in PRICE_BANDS] + ["P4"]
        found = {}
        for complexity, band, kind in combinations("ABC", bands, ClientKind):
            policy = {"priceBand": band, "lossRatio": None, "notRenewable": False}
            facts = {"productClass": complexity, "clientKind": str(kind), "policy": policy}
            plan = decide(PLAN, decisions, facts)
            if isinstance(plan, Mapping):
                found[complexity, band, str(kind)] = int(plan["leadDays"])
        _LEAD_DAYS[version.content_hash] = found
    return _LEAD_DAYS[version.content_hash]


def gather_facts(call: JobCall) -> Mapping[str, object]:
    """The renewal file: claims, debts and complaints of the policy, what is missing, who else
    could insure it. Gives `renewalFile`."""
    session, now = call.session, today()
    policy = _policy_of(call)
    claims = session.execute(
        select(func.count(), func.coalesce(func.sum(Claim.paid + Claim.reserve), 0)).where(
            Claim.policy_id == policy.id,
            Claim.happened_on >= now - timedelta(days=365 * LOSS_YEARS),
        )
    ).one()
    unpaid = session.scalar(
        select(
            func.coalesce(func.sum(Instalment.amount - func.coalesce(Instalment.paid_amount, 0)), 0)
        ).where(Instalment.policy_id == policy.id, Instalment.due_on <= now)
    )
    complaints = session.scalar(
        select(func.count()).where(
            Complaint.client_id == policy.client_id, Complaint.closed_at.is_(None)
        )
    )
    endorsements = session.scalar(select(func.count()).where(Endorsement.policy_id == policy.id))
    missing = [] if policy.sum_insured else ["draudimo suma"]
    return {
        "renewalFile": {
            "claimCount": claims[0],
            "claimAmount": float(claims[1]),
            "unpaidAmount": max(0.0, float(unpaid or 0)),
            "openComplaints": complaints or 0,
            "endorsements": endorsements or 0,
            "postponed": postponed_extensions(session, policy),
            "missing": missing,
            "otherInsurers": other_insurers(session, policy.product_id, policy.insurer_id),
        }
    }


def postponed_extensions(session: Session, policy: Policy) -> list[str]:
    """What the client put off until the renewal: arguments, or notes, of the up-sells."""
    statement = (
        select(ProcessInstance.reason, Opportunity.argument)
        .outerjoin(Opportunity, Opportunity.instance_id == ProcessInstance.id)
        .where(
            ProcessInstance.process_key == "up-sell",
            ProcessInstance.outcome == "postponed-to-renewal",
            ProcessInstance.client_id == policy.client_id,
            ProcessInstance.product_id == policy.product_id,
            or_(Opportunity.policy_id.is_(None), Opportunity.policy_id == policy.id),
            ProcessInstance.started_at >= clock.now() - timedelta(days=366),
        )
        .order_by(ProcessInstance.started_at)
    )
    return [argument or reason or "" for reason, argument in session.execute(statement)]


def check_strategy(step: CompletedStep) -> None:
    """Refuse another strategy than the table's (D5) without a reason.

    Raises:
        FormRejected: naming the field.
    """
    chosen = step.values.get("strategy")
    if step.case.process_key != RENEWAL or not chosen or step.values.get("strategyReason"):
        return
    plan = instance_variables(step.session, step.case.id).get("plan")
    if isinstance(plan, Mapping) and chosen != plan.get("strategy"):
        raise FormRejected({"strategyReason": [FieldError("required")]})


def other_insurers(session: Session, product_id: int, but: int | None) -> list[dict[str, object]]:
    """Insurers of the panel with standard terms for a product today, the cheapest first.

    Args:
        session: for reading.
        product_id: the product.
        but: id of the insurer to leave out, where the client has one.
    """
    now = today()
    statement = (
        select(Insurer.name)
        .join(StandardTerms, StandardTerms.insurer_id == Insurer.id)
        .where(
            Insurer.on_panel.is_(True),
            StandardTerms.product_id == product_id,
            StandardTerms.valid_from <= now,
            or_(StandardTerms.valid_to.is_(None), StandardTerms.valid_to >= now),
        )
        .group_by(Insurer.name)
        .order_by(func.min(StandardTerms.premium_rate), Insurer.name)
    )
    if but is not None:
        statement = statement.where(Insurer.id != but)
    return [{"name": name, "rank": rank} for rank, name in enumerate(session.scalars(statement), 1)]


def register_all() -> None:
    """Register what renewals need; safe to repeat."""
    jobs.register("gather-renewal-facts", gather_facts)
    jobs.register("issue-policy", issue_policy)
    jobs.register("cancel-policy", cancel_policy)
    jobs.before_completion(check_new_policy)
    jobs.before_completion(check_strategy)
    duties.register("renewals", start_due)


def _start_one(factory: sessionmaker[Session], policy_id: int) -> int:
    try:
        with factory.begin() as session:
            policy = session.get_one(Policy, policy_id)
            if session.get(RenewalStart, policy_id) is not None:
                return 0
            variables = {
                "clientId": policy.client_id,
                "productId": policy.product_id,
                "policyId": policy_id,
            }
            start_automatically(session, RENEWAL, variables)
    except IntegrityError:
        return 0
    except (CaseRejected, RuleFailed) as error:
        _park(factory, policy_id, error)
        return 0
    return 1


def _park(factory: sessionmaker[Session], policy_id: int, error: Exception) -> None:
    """Tell the managers, and leave the start of this renewal to them."""
    arguments = {"process": RENEWAL, "policyId": policy_id}
    with factory.begin() as session:
        raise_incident(session, Command("start", None, arguments=arguments), error)
        log.warning("the renewal of policy %s could not be started", policy_id)


def _parked(session: Session) -> list[int]:
    """Policies whose start failed and was not mended; a manager starts them by hand."""
    told = session.scalars(
        select(Incident.command).where(
            Incident.kind == "start",
            Incident.instance_id.is_(None),
            or_(Incident.resolved_at.is_(None), Incident.resolution == "dismissed"),
        )
    )
    return [command["policyId"] for command in told if "policyId" in command]


def _policy_of(call: JobCall) -> Policy:
    facts = call.job.variables.get("policy")
    identifier = facts.get("id") if isinstance(facts, Mapping) else None
    policy = call.session.get(Policy, identifier) if isinstance(identifier, int) else None
    if policy is None:
        raise LookupError("The case has no policy to renew.")
    return policy


def _lead_time_has_come(session: Session, version: ProcessVersion) -> ColumnElement[bool]:
    groups: dict[int, list[ColumnElement[bool]]] = defaultdict(list)
    band = case(
        (Policy.premium < PRICE_BANDS[0][0], "P1"),
        (Policy.premium < PRICE_BANDS[1][0], "P2"),
        (Policy.premium <= PRICE_BANDS[2][0], "P3"),
        else_="P4",
    )
    for (complexity, price, kind), days in lead_days(session, version).items():
        groups[days].append(
            and_(Product.complexity == complexity, band == price, Client.kind == kind)
        )
    return or_(
        *(
            and_(Policy.ends_on <= today() + timedelta(days=days), or_(*members))
            for days, members in groups.items()
        )
    )
