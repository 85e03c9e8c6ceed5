"""Targeted campaigns: the frozen list, the waves, the answers, and when to stop."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, insert, literal, or_, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, process, settings
from broker_crm.calendar import OFFICE
from broker_crm.crm.cases import CaseRejected, start_automatically
from broker_crm.crm.models import (
    Campaign,
    CampaignRecipient,
    CampaignStatus,
    Client,
    ClientStatus,
    Complaint,
    Consent,
    Policy,
    PolicyStatus,
    Product,
)
from broker_crm.crm.permissions import may_send_marketing, withdraw
from broker_crm.crm.policies import today
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.definitions.published import latest_version
from broker_crm.engine.errors import RuleFailed
from broker_crm.people.models import User
from broker_crm.process import duties, jobs
from broker_crm.process.calendars import company_calendar
from broker_crm.process.jobs import CompletedStep, JobCall
from broker_crm.process.models import ProcessInstance

CAMPAIGN = "campaign"
RECIPIENT = "campaign-recipient"
CHUNK = 50
"""Recipients that one sweep starts at most."""
RECENT_DAYS = 30
"""Days in which a client gets no second campaign."""
ENOUGH_TO_JUDGE = 20
"""Recipients started before the share of refusals may stop a campaign."""
OVER = ("ended", "unsubscribed")


def create(session: Session, name: str, product_id: int | None, *, by: str) -> process.Started:
    """Begin a campaign and its process.

    Args:
        session: the caller commits.
        name: as people call it.
        product_id: what is offered.
        by: login of its owner.

    Raises:
        FormRejected: naming the field.
    """
    product = session.get(Product, product_id) if product_id is not None else None
    if not name.strip():
        raise FormRejected({"name": [FieldError("required")]})
    if product is None:
        raise FormRejected({"product_id": [FieldError("option")]})
    campaign = Campaign(
        name=name.strip()[:200],
        product_id=product.id,
        letter_a="campaign-a",
        owner=by,
        created_at=clock.now(),
    )
    session.add(campaign)
    session.flush()
    owner = session.get_one(User, by)
    version = latest_version(session, CAMPAIGN)
    started = process.start(
        session,
        CAMPAIGN,
        {
            "owner": by,
            "vip": False,
            "productId": product.id,
            "campaign": {
                "id": campaign.id,
                "name": campaign.name,
                "productName": product.name,
                "productClass": product.complexity,
                "ownerEmail": owner.email,
            },
        },
        by=by,
        case=process.CaseData(
            title=f"{version.name} · {campaign.name}",
            client_id=None,
            product_id=product.id,
            owner=by,
            segment="",
        ),
    )
    campaign.instance_id = started.instance.id
    session.flush()
    return started


def count_segment(session: Session, campaign: Campaign) -> dict[str, int]:
    """How many clients of the segment stand under each reason; '' are those to be written to."""
    reason = _reason(campaign)
    rows = session.execute(select(reason, func.count()).where(*_segment(campaign)).group_by(reason))
    return {why or "": number for why, number in rows}


def freeze(call: JobCall) -> Mapping[str, object]:
    """Fix the list of recipients with the reasons of exclusion and the hold-out group.

    One statement, whatever the number of clients. A list that was frozen before is made anew.
    Gives `campaignList`: `waiting`, `heldOut`, `excluded` and `reasons` in words.
    """
    session = call.session
    campaign = _of(call)
    values = call.job.variables
    campaign.segment = {
        "kind": values["segmentKind"],
        "status": values["segmentStatus"],
        "sector": values["segmentSector"],
        "size": values["segmentSize"],
        "withoutProduct": bool(values.get("onlyWithoutProduct")),
    }
    campaign.hold_out_percent = int(str(values["holdOutPercent"]))
    campaign.wave_size = int(str(values["waveSize"]))
    campaign.stop_percent = Decimal(str(values["stopPercent"]))
    campaign.budget = Decimal(str(values.get("budget") or 0))
    campaign.goal = str(values.get("goal") or "")[:500]
    session.execute(
        CampaignRecipient.__table__.delete().where(  # type: ignore[attr-defined]
            CampaignRecipient.campaign_id == campaign.id
        )
    )
    reason = _reason(campaign)
    held = (Client.id * 7919 + campaign.id * 104_729) % 100 < campaign.hold_out_percent
    rows = select(
        literal(campaign.id),
        Client.id,
        case((reason != "", "excluded"), (held, "held-out"), else_="waiting"),
        func.nullif(reason, ""),
        case(((Client.id * 31 + campaign.id) % 2 == 0, "A"), else_="B"),
    ).where(*_segment(campaign))
    session.execute(
        insert(CampaignRecipient).from_select(
            ["campaign_id", "client_id", "state", "reason", "variant"], rows
        )
    )
    campaign.status, campaign.frozen_at = CampaignStatus.FROZEN, clock.now()
    session.flush()
    counts = by_state(session, campaign.id)
    why = session.execute(
        select(CampaignRecipient.reason, func.count())
        .where(CampaignRecipient.campaign_id == campaign.id, CampaignRecipient.reason.is_not(None))
        .group_by(CampaignRecipient.reason)
        .order_by(CampaignRecipient.reason)
    )
    return {
        "campaignList": {
            "waiting": counts.get("waiting", 0),
            "heldOut": counts.get("held-out", 0),
            "excluded": counts.get("excluded", 0),
            "reasons": ", ".join(f"{REASONS.get(str(key), key)} {count}" for key, count in why)
            or "–",
        }
    }


REASONS = {
    "do-not-contact": "prašė nesikreipti",
    "no-permission": "nėra leidimo",
    "no-address": "nėra adreso",
    "open-complaint": "atviras skundas",
    "recent-campaign": "neseniai rašyta",
    "vip": "VIP",
}
"""Reasons of exclusion as the designers' forms show them."""


def by_state(session: Session, campaign_id: int) -> dict[str, int]:
    """Recipients by state."""
    rows = session.execute(
        select(CampaignRecipient.state, func.count())
        .where(CampaignRecipient.campaign_id == campaign_id)
        .group_by(CampaignRecipient.state)
    )
    return dict(rows.all())


def update_campaign(call: JobCall) -> Mapping[str, object]:
    """Start, resume or stop the waves: header `mark` is 'running' or 'stopped'."""
    campaign = _of(call)
    mark = call.job.headers.get("mark")
    if mark == "running":
        values = call.job.variables
        campaign.status = CampaignStatus.RUNNING
        campaign.next_wave_at = clock.now()
        campaign.letter_b = "campaign-b" if values.get("messageB") else None
        campaign.material_cost = Decimal(str(values.get("materialCost") or 0))
        if values.get("stopOutcome") == "continue":
            campaign.stop_percent = Decimal(100)
    else:
        campaign.status = CampaignStatus.STOPPED
        campaign.next_wave_at = None
        campaign.stopped_reason = str(call.job.variables.get("stopReason") or "")[:300]
    call.session.flush()
    return {}


def update_recipient(call: JobCall) -> Mapping[str, object]:
    """Note how a recipient's case goes: header `mark` is 'responded' or 'ended', `outcome`."""
    recipient = call.session.scalars(
        select(CampaignRecipient).where(CampaignRecipient.instance_id == call.case.id)
    ).first()
    if recipient is not None:
        if call.job.headers.get("mark") == "responded":
            recipient.state = "responded"
            recipient.responded_at = recipient.responded_at or clock.now()
        else:
            outcome = str(call.job.headers.get("outcome"))
            recipient.outcome = outcome
            recipient.state = "unsubscribed" if outcome == "unsubscribed" else "ended"
        call.session.flush()
    return {}


def start_case(call: JobCall) -> Mapping[str, object]:
    """Queue the start of another process for the same client and product: header `process`."""
    payload = {"clientId": call.case.client_id, "productId": call.case.product_id}
    process.queue_start(call.session, str(call.job.headers["process"]), payload)
    return {}


def send_waves(factory: sessionmaker[Session], stopping: Callable[[], bool]) -> int:
    """Start the recipients whose turn it is, a bounded number; a worker's duty.

    Each recipient is started in a transaction of its own, and only if the client may be written
    to at this moment. Campaigns with too many refusals pause, finished ones say so.

    Returns:
        How many were started.
    """
    with factory() as session:
        running = list(
            session.scalars(
                select(Campaign.id)
                .where(Campaign.status == CampaignStatus.RUNNING)
                .order_by(Campaign.id)
            )
        )
    started = 0
    for campaign_id in running:
        with factory.begin() as session:
            waiting = _next(session, campaign_id)
        for recipient_id in waiting:
            if stopping():
                return started
            started += _start(factory, recipient_id)
    return started


def answered(session: Session, token: str) -> bool:
    """The recipient asks to be contacted: by the link in the letter.

    Returns:
        False when no letter has this link.
    """
    recipient = _by_token(session, token)
    if recipient is None:
        return False
    if recipient.responded_at is None and recipient.unsubscribed_at is None:
        recipient.responded_at, recipient.response = clock.now(), "asked"
        session.flush()
        process.send_message(session, "campaign-response", token, {}, by=None)
    return True


def unsubscribed(session: Session, token: str) -> bool:
    """The recipient wants no more letters: consent is withdrawn in all channels at once.

    Returns:
        False when no letter has this link.
    """
    recipient = _by_token(session, token)
    if recipient is None:
        return False
    if recipient.unsubscribed_at is None:
        recipient.unsubscribed_at = clock.now()
        withdraw(session, session.get_one(Client, recipient.client_id))
        process.send_message(session, "campaign-unsubscribed", token, {}, by=None)
    return True


def check_step(step: CompletedStep) -> None:
    """Refuse a segment that holds nobody to write to.

    Raises:
        FormRejected: naming the field.
    """
    if step.case.process_key != CAMPAIGN or "segmentKind" not in step.values:
        return
    campaign = step.session.scalars(
        select(Campaign).where(Campaign.instance_id == step.case.id)
    ).one()
    asked = Campaign(
        id=campaign.id,
        product_id=campaign.product_id,
        segment={
            "kind": step.values["segmentKind"],
            "status": step.values["segmentStatus"],
            "sector": step.values["segmentSector"],
            "size": step.values["segmentSize"],
            "withoutProduct": bool(step.values.get("onlyWithoutProduct")),
        },
    )
    if not count_segment(step.session, asked).get(""):
        raise FormRejected({"segmentKind": [FieldError("nobody")]})


def register_all() -> None:
    """Register what campaigns need; safe to repeat."""
    jobs.register("freeze-campaign", freeze)
    jobs.register("update-campaign", update_campaign)
    jobs.register("update-recipient", update_recipient)
    jobs.register("start-case", start_case)
    jobs.before_completion(check_step)
    duties.register("campaigns", send_waves)


def _next(session: Session, campaign_id: int) -> list[int]:
    """Recipients of the present wave; also pauses, finishes and sets the time of the next wave."""
    campaign = session.get_one(Campaign, campaign_id, with_for_update=True)
    if campaign.status != CampaignStatus.RUNNING:
        return []
    counts = by_state(session, campaign_id)
    begun = sum(counts.get(state, 0) for state in ("started", "responded", *OVER))
    refused = session.scalar(
        select(func.count()).where(
            CampaignRecipient.campaign_id == campaign_id,
            CampaignRecipient.unsubscribed_at.is_not(None),
        )
    )
    share = Decimal(100 * (refused or 0)) / begun if begun else Decimal(0)
    key = str(campaign_id)
    if begun >= ENOUGH_TO_JUDGE and share > campaign.stop_percent:
        told = {"stopShare": float(share.quantize(Decimal("0.1")))}
        if process.send_message(session, "campaign-paused", key, told, by=None):
            campaign.status = CampaignStatus.PAUSED
        return []
    if not counts.get("waiting"):
        busy = counts.get("started") or counts.get("responded")
        if not busy and process.send_message(session, "campaign-finished", key, {}, by=None):
            campaign.status = CampaignStatus.FINISHED
        return []
    now = clock.now()
    if campaign.next_wave_at is None or campaign.next_wave_at > now:
        return []
    sent_today = session.scalar(
        select(func.count()).where(
            CampaignRecipient.campaign_id == campaign_id,
            CampaignRecipient.started_at >= _midnight(now),
        )
    )
    left = campaign.wave_size - (sent_today or 0)
    if left <= 0:
        campaign.next_wave_at = _next_morning(session, now)
        return []
    return list(
        session.scalars(
            select(CampaignRecipient.id)
            .where(
                CampaignRecipient.campaign_id == campaign_id, CampaignRecipient.state == "waiting"
            )
            .order_by(CampaignRecipient.id)
            .limit(min(left, CHUNK))
        )
    )


def _start(factory: sessionmaker[Session], recipient_id: int) -> int:
    try:
        with factory.begin() as session:
            recipient = session.get_one(CampaignRecipient, recipient_id, with_for_update=True)
            campaign = session.get_one(Campaign, recipient.campaign_id)
            if recipient.state != "waiting" or campaign.status != CampaignStatus.RUNNING:
                return 0
            client = session.get_one(Client, recipient.client_id)
            if not may_send_marketing(session, client):
                recipient.state, recipient.reason = "excluded", "no-permission"
                return 0
            recipient.unsubscribe_token = secrets.token_hex(20)
            started = start_automatically(
                session, RECIPIENT, _variables(session, campaign, recipient)
            )
            recipient.instance_id = started.instance.id
            recipient.started_at = clock.now()
            if recipient.state == "waiting":
                recipient.state = "started"
    except (CaseRejected, RuleFailed) as error:
        with factory.begin() as session:
            recipient = session.get_one(CampaignRecipient, recipient_id)
            recipient.state, recipient.reason = "excluded", str(error)[:200]
        return 0
    return 1


def _variables(
    session: Session, campaign: Campaign, recipient: CampaignRecipient
) -> dict[str, object]:
    told = _material(session, campaign.instance_id)
    link = f"{settings.load().base_url}/offers/{recipient.unsubscribe_token}"
    return {
        "clientId": recipient.client_id,
        "productId": campaign.product_id,
        "recipient": {
            "id": recipient.id,
            "variant": recipient.variant if campaign.letter_b else "A",
            "token": recipient.unsubscribe_token,
            "link": link,
            "unsubscribeLink": f"{link}/unsubscribe",
        },
        "campaign": {"id": campaign.id, "name": campaign.name, **told},
    }


def _material(session: Session, instance_id: UUID | None) -> dict[str, object]:
    instance = session.get_one(ProcessInstance, instance_id)
    values = process.instance_variables(session, instance.id)
    return {key: values.get(key) or "" for key in ("headline", "messageA", "messageB")}


def _segment(campaign: Campaign) -> list[ColumnElement[bool]]:
    asked = campaign.segment
    conditions = [
        Client.kind == asked["kind"],
        Client.merged_into.is_(None),
        Client.erased_at.is_(None),
        Client.status != ClientStatus.BLOCKED,
    ]
    for key, column in (
        ("status", Client.status),
        ("sector", Client.sector),
        ("size", Client.size_band),
    ):
        if asked.get(key) not in (None, "any"):
            conditions.append(column == asked[key])
    if asked.get("withoutProduct"):
        has = exists().where(
            Policy.client_id == Client.id,
            Policy.product_id == campaign.product_id,
            Policy.status == PolicyStatus.ACTIVE,
        )
        conditions.append(~has)
    return conditions


def _reason(campaign: Campaign) -> ColumnElement[str]:
    now = clock.now()
    consent = exists().where(
        Consent.client_id == Client.id,
        Consent.purpose == "marketing",
        Consent.channel.in_(("email", "any")),
        Consent.given_at <= now,
        or_(Consent.withdrawn_at.is_(None), Consent.withdrawn_at > now),
    )
    existing = Client.status.in_([ClientStatus.ACTIVE, ClientStatus.FORMER])
    complaint = exists().where(Complaint.client_id == Client.id, Complaint.closed_at.is_(None))
    recent = exists().where(
        CampaignRecipient.client_id == Client.id,
        CampaignRecipient.campaign_id != campaign.id,
        CampaignRecipient.started_at > now - timedelta(days=RECENT_DAYS),
    )
    no_address = and_(or_(Client.email.is_(None), Client.email == ""), ~Client.contacts.any())
    return case(
        (Client.do_not_contact.is_(True), "do-not-contact"),
        (Client.restricted_at.is_not(None), "restricted"),
        (and_(~consent, ~existing), "no-permission"),
        (no_address, "no-address"),
        (complaint, "open-complaint"),
        (recent, "recent-campaign"),
        (Client.vip.is_(True), "vip"),
        else_="",
    )


def _of(call: JobCall) -> Campaign:
    return call.session.scalars(select(Campaign).where(Campaign.instance_id == call.case.id)).one()


def _by_token(session: Session, token: str) -> CampaignRecipient | None:
    return session.scalars(
        select(CampaignRecipient).where(CampaignRecipient.unsubscribe_token == token)
    ).first()


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(OFFICE).date(), time(0), OFFICE)


def _next_morning(session: Session, moment: datetime) -> datetime:
    day = company_calendar(session).add_working_days(today(), 1)
    return datetime.combine(day, time(9), OFFICE).astimezone(moment.tzinfo)
