"""Signals that a client may need more cover or another product (decision table D6).

The duty goes round the clients once a day, writes what the tables find, and each day sends the
best few of every salesperson as BPMN signals, which start the processes up-sell and cross-sell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import String, cast, exists, func, literal, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, process
from broker_crm.calendar import OFFICE
from broker_crm.crm.cases import RENEWAL
from broker_crm.crm.models import (
    Claim,
    Client,
    ClientStatus,
    DatedLead,
    Endorsement,
    Instalment,
    InsuredObject,
    Opportunity,
    Policy,
    Product,
)
from broker_crm.crm.permissions import selling_hold
from broker_crm.crm.policies import active_policies, covers_of, today
from broker_crm.crm.renewals import lead_days, other_insurers
from broker_crm.definitions.published import NotPublished, compiled
from broker_crm.engine.decisions import decide
from broker_crm.people.models import User
from broker_crm.process import duties, jobs
from broker_crm.process.calendars import company_calendar
from broker_crm.process.experiments.drawing import version_in_force
from broker_crm.process.jobs import JobCall
from broker_crm.process.models import InstanceStatus, ProcessInstance

SIGNALS = {"up-sell": "up-sell-signal", "cross-sell": "cross-sell-signal"}
TABLES = {"up-sell": "UnderInsurance", "cross-sell": "NextProduct"}
POLICY_FACTS = ("objectValue", "reducedByLimit", "daysSinceRenewal")
CLIENTS_A_SWEEP = 50
ELSEWHERE_ENDS = "elsewhere-ends"
"""Rule of opportunities that come from dated leads."""
ELSEWHERE_SCORE = 95
USUAL_BAND = "P2"
"""Price band by which D5 gives a lead's days: what is paid elsewhere is not known."""
A_DAY = 3
"""Cases that a salesperson gets of themselves on one day at most."""
_rounds: dict[str, tuple[date, int]] = {}
"""By database: the day of the round and the client at which it stands."""


def look_for(factory: sessionmaker[Session], stopping: Callable[[], bool]) -> int:
    """Look at the next clients of today's round and send what the day still holds; a duty.

    Returns:
        How many opportunities were found or sent.
    """
    if stopping():
        return 0
    with factory.begin() as session:
        found = _go_round(session) + from_dated_leads(session)
    with factory.begin() as session:
        return found + send_best(session)


def find(session: Session, client: Client) -> int:
    """Write the opportunities that the tables see in a client; known ones are left alone."""
    known: set[tuple[str, str]] = {
        (rule, evidence)
        for rule, evidence in session.execute(
            select(Opportunity.rule, Opportunity.evidence_key).where(
                Opportunity.client_id == client.id
            )
        )
    }
    products = dict(session.execute(select(Product.key, Product.id)).all())
    count = 0
    for kind, facts, policy in _views(session, client):
        for row in _decided(session, kind, facts):
            product = products.get(str(row.get("product"))) if kind == "cross-sell" else None
            product_id = product or (policy.product_id if policy else None)
            evidence = f"policy:{policy.id}" if policy else f"product:{row.get('product')}"
            if product_id is None or (row["rule"], evidence) in known:
                continue
            known.add((str(row["rule"]), evidence))
            session.add(
                Opportunity(
                    client_id=client.id,
                    policy_id=policy.id if policy else None,
                    product_id=product_id,
                    kind=kind,
                    rule=str(row["rule"]),
                    evidence_key=evidence,
                    argument=str(row["argument"]),
                    score=float(str(row["score"])),
                    found_at=clock.now(),
                )
            )
            count += 1
    session.flush()
    return count


def from_dated_leads(session: Session) -> int:
    """Make opportunities of what clients have elsewhere, as long before its end as D5 says.

    Returns:
        How many were made; a lead makes one.
    """
    try:
        days = lead_days(session, version_in_force(session, RENEWAL))
    except NotPublished:
        return 0
    raised = exists().where(
        Opportunity.client_id == DatedLead.client_id,
        Opportunity.rule == ELSEWHERE_ENDS,
        Opportunity.evidence_key == literal("lead:") + cast(DatedLead.id, String),
    )
    statement = (
        select(DatedLead, Client, Product)
        .join(Client, Client.id == DatedLead.client_id)
        .join(Product, Product.id == DatedLead.product_id)
        .where(
            DatedLead.taken_up_by.is_(None),
            DatedLead.ends_on >= today(),
            DatedLead.ends_on <= today() + timedelta(days=max(days.values(), default=0)),
            Client.merged_into.is_(None),
            Client.erased_at.is_(None),
            ~raised,
        )
        .order_by(DatedLead.ends_on, DatedLead.id)
        .limit(CLIENTS_A_SWEEP)
    )
    count = 0
    for lead, client, product in session.execute(statement):
        ahead = days.get((product.complexity, USUAL_BAND, client.kind), 0)
        if lead.ends_on > today() + timedelta(days=ahead):
            continue
        session.add(
            Opportunity(
                client_id=client.id,
                product_id=product.id,
                kind="cross-sell",
                rule=ELSEWHERE_ENDS,
                evidence_key=f"lead:{lead.id}",
                argument=f"Kitur sudaryta sutartis baigiasi {lead.ends_on.isoformat()}.",
                score=ELSEWHERE_SCORE,
                found_at=clock.now(),
            )
        )
        count += 1
    session.flush()
    return count


def send_best(session: Session) -> int:
    """Send the waiting opportunities with the highest scores, as far as the day allows.

    One open case of selling a client at a time, `A_DAY` new ones a salesperson and day, none
    while something holds up selling.
    """
    begin_of_day = clock.now().astimezone(OFFICE).replace(hour=0, minute=0, second=0, microsecond=0)
    if not company_calendar(session).is_working(begin_of_day.date()):
        return 0
    given = Counter(
        dict(
            session.execute(
                select(ProcessInstance.owner, func.count())
                .where(
                    ProcessInstance.process_key.in_(SIGNALS),
                    ProcessInstance.started_at >= begin_of_day,
                )
                .group_by(ProcessInstance.owner)
            ).all()
        )
    )
    running = exists().where(
        ProcessInstance.client_id == Opportunity.client_id,
        ProcessInstance.process_key.in_(SIGNALS),
        ProcessInstance.status == InstanceStatus.ACTIVE,
    )
    statement = (
        select(Opportunity, Client)
        .join(Client, Client.id == Opportunity.client_id)
        .join(User, User.login == Client.owner)
        .where(
            Opportunity.sent_at.is_(None),
            Opportunity.instance_id.is_(None),
            Opportunity.dismissed_at.is_(None),
            Client.do_not_contact.is_(False),
            Client.restricted_at.is_(None),
            Client.merged_into.is_(None),
            Client.erased_at.is_(None),
            User.active.is_(True),
            ~running,
        )
        .order_by(Opportunity.score.desc(), Opportunity.id)
        .limit(CLIENTS_A_SWEEP)
        .with_for_update(of=Opportunity, skip_locked=True)
    )
    sent, busy = 0, set()
    for opportunity, client in session.execute(statement):
        owner = client.owner
        if given[owner] >= A_DAY or client.id in busy or selling_hold(session, client.id):
            continue
        given[owner] += 1
        busy.add(client.id)
        sent += _send(session, opportunity)
    return sent


def gather_facts(call: JobCall) -> Mapping[str, object]:
    """What the client holds and what the policy shows, for D6; and which insurers to ask.

    Gives `holdings`, `sector`, `staff`, `vehicles`, `insurers`, and about the case's policy
    `objectValue`, `reducedByLimit`, `daysSinceRenewal`.
    """
    session = call.session
    client = session.get_one(Client, call.case.client_id)
    facts = _holdings(session, client)
    policy = _policy_of(call)
    if policy is not None:
        shown = _policy_view(session, policy)
        facts.update({key: shown[key] for key in POLICY_FACTS})
    if call.case.product_id is not None:
        facts["insurers"] = other_insurers(session, call.case.product_id, None)
    return facts


def update_opportunity(call: JobCall) -> Mapping[str, object]:
    """Note what became of the case's opportunity: headers `mark` and `reason`.

    'taken' joins it to the case, and the dated lead from which it came; 'dismissed', 'refused' and
    'postponed' keep the reason, so that the same evidence is not raised again; 'won' needs
    nothing more.
    """
    facts = call.job.variables.get("opportunity")
    identifier = facts.get("id") if isinstance(facts, Mapping) else None
    opportunity = call.session.get(Opportunity, identifier) if isinstance(identifier, int) else None
    if opportunity is not None:
        mark = call.job.headers.get("mark")
        if mark == "taken":
            opportunity.instance_id = call.case.id
            _take_up_lead(call.session, opportunity)
        elif mark in ("dismissed", "refused", "postponed"):
            opportunity.dismissed_at = clock.now()
            opportunity.dismissed_reason = str(call.job.headers.get("reason") or mark)[:300]
        call.session.flush()
    return {}


def keep_dated_lead(call: JobCall) -> Mapping[str, object]:
    """Keep until when the client has the product elsewhere, if known; one lead a case."""
    values = call.job.variables
    ends_on = values.get("elsewhereEndsOn")
    if call.case.client_id is None or call.case.product_id is None or not ends_on:
        return {}
    known = call.session.scalars(
        select(DatedLead).where(DatedLead.instance_id == call.case.id)
    ).first()
    lead = known or DatedLead(
        client_id=call.case.client_id,
        product_id=call.case.product_id,
        instance_id=call.case.id,
        created_at=clock.now(),
    )
    lead.ends_on = date.fromisoformat(str(ends_on)[:10])
    lead.insurer_name = str(values.get("elsewhereInsurer") or "")[:120] or None
    call.session.add(lead)
    call.session.flush()
    return {}


def issue_endorsement(call: JobCall) -> Mapping[str, object]:
    """Change the policy as agreed: higher sum, more covers, additional premium and its instalment.

    Reads `policy`, `sumInsured` (the increase), `covers` (those added), `endorsementPremium`,
    `effectiveOn`. A case endorses its policy once, however often the job is run.
    """
    policy = _policy_of(call)
    if policy is None:
        raise LookupError("The case has no policy to endorse.")
    done = call.session.scalars(
        select(Endorsement).where(Endorsement.instance_id == call.case.id)
    ).first()
    if done is not None:
        return {}
    values = call.job.variables
    increase = Decimal(str(values["sumInsured"]))
    premium = Decimal(str(values["endorsementPremium"]))
    effective = date.fromisoformat(str(values["effectiveOn"])[:10])
    call.session.add(
        Endorsement(
            policy_id=policy.id,
            effective_on=effective,
            change=f"Draudimo suma +{increase} EUR",
            premium_delta=premium,
            sum_insured_delta=increase,
            instance_id=call.case.id,
            created_at=clock.now(),
        )
    )
    policy.sum_insured = (policy.sum_insured or Decimal(0)) + increase
    policy.premium += premium
    known = {each.cover for each in policy.covers}
    added = covers_of(policy, values.get("covers"))
    policy.covers += [each for each in added if each.cover not in known]
    last = call.session.scalar(
        select(func.max(Instalment.number)).where(Instalment.policy_id == policy.id)
    )
    call.session.add(
        Instalment(policy_id=policy.id, number=(last or 0) + 1, due_on=effective, amount=premium)
    )
    call.session.flush()
    return {}


def register_all() -> None:
    """Register what selling to clients needs; safe to repeat."""
    jobs.register("gather-sales-facts", gather_facts)
    jobs.register("update-opportunity", update_opportunity)
    jobs.register("keep-dated-lead", keep_dated_lead)
    jobs.register("issue-endorsement", issue_endorsement)
    duties.register("opportunities", look_for)


def _go_round(session: Session) -> int:
    key = str(session.get_bind().engine.url)
    day, after = _rounds.get(key, (date.min, 0))
    if day != today():
        after = 0
    elif after < 0:
        return 0
    clients = session.scalars(
        select(Client)
        .where(
            Client.id > after,
            Client.status == ClientStatus.ACTIVE,
            Client.do_not_contact.is_(False),
            Client.restricted_at.is_(None),
            Client.merged_into.is_(None),
            Client.erased_at.is_(None),
        )
        .order_by(Client.id)
        .limit(CLIENTS_A_SWEEP)
    ).all()
    found = sum(find(session, client) for client in clients)
    _rounds[key] = (today(), clients[-1].id if clients else -1)
    return found


def _views(session: Session, client: Client) -> list[tuple[str, dict[str, object], Policy | None]]:
    holdings = _holdings(session, client)
    views: list[tuple[str, dict[str, object], Policy | None]] = [("cross-sell", holdings, None)]
    for policy in active_policies(session, client.id):
        views.append(("up-sell", _policy_view(session, policy), policy))
    return views


def _decided(
    session: Session, kind: str, facts: Mapping[str, object]
) -> list[Mapping[str, object]]:
    try:
        version = version_in_force(session, kind)
    except NotPublished:
        return []
    found = decide(TABLES[kind], compiled(session, version.id).decisions, facts)
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []


def _take_up_lead(session: Session, opportunity: Opportunity) -> None:
    kind, _colon, number = opportunity.evidence_key.partition(":")
    lead = session.get(DatedLead, int(number)) if kind == "lead" else None
    if lead is not None:
        lead.taken_up_by = opportunity.instance_id


def _holdings(session: Session, client: Client) -> dict[str, object]:
    ids = [policy.product_id for policy in active_policies(session, client.id)]
    keys = session.scalars(select(Product.key).where(Product.id.in_(ids)).order_by(Product.key))
    vehicles = session.scalar(
        select(func.count()).where(
            InsuredObject.client_id == client.id, InsuredObject.kind == "vehicle"
        )
    )
    return {
        "holdings": list(keys),
        "clientKind": client.kind,
        "sector": client.sector or "",
        "staff": client.staff or 0,
        "vehicles": vehicles or 0,
    }


def _policy_view(session: Session, policy: Policy) -> dict[str, object]:
    insured = session.get(InsuredObject, policy.object_id) if policy.object_id else None
    reduced = exists().where(Claim.policy_id == policy.id, Claim.reduced_by_limit.is_(True))
    product = session.get_one(Product, policy.product_id)
    since = (today() - policy.starts_on).days if policy.renewed_from_id else None
    return {
        "policy": {"id": policy.id, "sumInsured": float(policy.sum_insured or 0)},
        "product": {"key": product.key},
        "productClass": product.complexity,
        "objectValue": float(insured.value) if insured and insured.value else 0,
        "reducedByLimit": bool(session.scalar(select(reduced))),
        "daysSinceRenewal": since if since is not None else -1,
    }


def _send(session: Session, opportunity: Opportunity) -> int:
    opportunity.sent_at = clock.now()
    payload: dict[str, object] = {
        "clientId": opportunity.client_id,
        "productId": opportunity.product_id,
        "opportunity": {
            "id": opportunity.id,
            "rule": opportunity.rule,
            "argument": opportunity.argument,
            "score": opportunity.score,
        },
    }
    if opportunity.policy_id is not None:
        payload["policyId"] = opportunity.policy_id
    return process.broadcast(session, SIGNALS[opportunity.kind], payload)


def _policy_of(call: JobCall) -> Policy | None:
    facts = call.job.variables.get("policy")
    identifier = facts.get("id") if isinstance(facts, Mapping) else None
    return call.session.get(Policy, identifier) if isinstance(identifier, int) else None
