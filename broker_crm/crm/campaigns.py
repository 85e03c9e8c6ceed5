"""Targeted campaigns: begun, steered by their steps, answered by their recipients."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from broker_crm import clock, process
from broker_crm.crm import campaign_figures, campaign_lists, campaign_waves, cases
from broker_crm.crm.campaign_lists import of_case, segment_in
from broker_crm.crm.models import (
    Campaign,
    CampaignRecipient,
    CampaignStatus,
    Client,
    ContactPerson,
    Product,
)
from broker_crm.crm.permissions import withdraw
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.definitions.published import latest_version
from broker_crm.people.models import User
from broker_crm.process import duties, jobs
from broker_crm.process.jobs import CompletedStep, JobCall

CAMPAIGN = "campaign"
CALLED_BACK = "replied"
"""The recipient answered otherwise than by the link, as somebody noted."""


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
            **cases.traits(None, product),
        ),
    )
    campaign.instance_id = started.instance.id
    session.flush()
    return started


def update_campaign(call: JobCall) -> Mapping[str, object]:
    """Start, resume or stop the waves: header `mark` is 'running' or 'stopped'."""
    campaign = of_case(call)
    mark = call.job.headers.get("mark")
    if mark == "running":
        _run(call.session, campaign, call.job.variables)
    else:
        campaign.status = CampaignStatus.STOPPED
        campaign.next_wave_at = None
        campaign.stopped_reason = str(call.job.variables.get("stopReason") or "")[:300]
    call.session.flush()
    return {}


def _run(session: Session, campaign: Campaign, values: Mapping[str, object]) -> None:
    campaign.status = CampaignStatus.RUNNING
    campaign.next_wave_at = clock.now()
    campaign.letter_b = "campaign-b" if values.get("messageB") else None
    campaign.material_cost = Decimal(str(values.get("materialCost") or 0))
    calls = values.get("callsPerDay")
    if campaign.wave == 0:
        campaign.calls_per_day = int(str(calls)) if calls else None
    if values.get("stopOutcome") == "continue":
        limit = values.get("newStopPercent")
        twice = min(Decimal(100), 2 * campaign.stop_percent)
        campaign.stop_percent = Decimal(str(limit)) if limit else twice
        if campaign.calls_per_day:
            waiting = campaign_waves.waiting_calls(session, campaign.id)
            bearable = math.ceil(waiting / campaign_waves.DAYS_OF_CALLS)
            campaign.calls_per_day = max(campaign.calls_per_day, bearable + 1)


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
            if outcome == "sale-started":
                recipient.sale_at = clock.now()
        call.session.flush()
    return {}


def start_case(call: JobCall) -> Mapping[str, object]:
    """Queue the start of another process for the same client and product: header `process`.

    With the header `campaign`, the client has said yes already: the case begins with the meeting
    or the needs, not with a first letter or call.
    """
    payload: dict[str, object] = {
        "clientId": call.case.client_id,
        "productId": call.case.product_id,
    }
    if call.job.headers.get("campaign"):
        payload["fromCampaign"] = True
    process.queue_start(call.session, str(call.job.headers["process"]), payload)
    return {}


def answered(session: Session, token: str, response: str = "asked") -> bool:
    """The recipient asks to be contacted: by the link in the letter, or as somebody noted.

    Returns:
        False when no letter has this link.
    """
    recipient = _by_token(session, token)
    if recipient is None:
        return False
    if recipient.responded_at is None and recipient.unsubscribed_at is None:
        recipient.responded_at, recipient.response = clock.now(), response
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


def bounced(session: Session, letter_client: int | None, instance_id: UUID, address: str) -> bool:
    """A campaign's letter came back: the address is marked, and the recipient's case is told.

    Args:
        session: the caller commits.
        letter_client: whom it was written to.
        instance_id: the case that wrote it.
        address: that refused it.

    Returns:
        False when the letter was not a campaign's.
    """
    recipient = session.scalars(
        select(CampaignRecipient).where(CampaignRecipient.instance_id == instance_id)
    ).first()
    if recipient is None:
        return False
    now = clock.now()
    recipient.bounced_at = recipient.bounced_at or now
    session.execute(
        update(ContactPerson)
        .where(ContactPerson.client_id == letter_client, ContactPerson.email == address)
        .values(bounced_at=now)
        .execution_options(synchronize_session="fetch")
    )
    token = recipient.unsubscribe_token or ""
    process.queue_messages(session, "campaign-bounced", token, {})
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
    segment = segment_in(step.values)
    asked = Campaign(id=campaign.id, product_id=campaign.product_id, segment=segment)
    if not campaign_lists.anybody(step.session, asked):
        raise FormRejected({"segmentKind": [FieldError("nobody")]})


def register_all() -> None:
    """Register what campaigns need; safe to repeat."""
    jobs.register("freeze-campaign", campaign_lists.freeze)
    jobs.register("measure-campaign", campaign_figures.measure)
    jobs.register("update-campaign", update_campaign)
    jobs.register("update-recipient", update_recipient)
    jobs.register("start-case", start_case)
    jobs.before_completion(check_step)
    duties.register("campaign-lists", campaign_lists.make_lists)
    duties.register("campaigns", campaign_waves.send_waves)


def _by_token(session: Session, token: str) -> CampaignRecipient | None:
    return session.scalars(
        select(CampaignRecipient).where(CampaignRecipient.unsubscribe_token == token)
    ).first()
