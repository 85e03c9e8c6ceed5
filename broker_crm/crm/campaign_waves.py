"""The waves of a campaign: a bounded number of recipients started at a time, and when to stop."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from time import perf_counter, sleep

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, process, settings
from broker_crm.calendar import OFFICE
from broker_crm.crm.campaign_figures import BEGUN, by_state
from broker_crm.crm.cases import CaseRejected, start_automatically
from broker_crm.crm.models import (
    Campaign,
    CampaignRecipient,
    CampaignStatus,
    Client,
    Complaint,
)
from broker_crm.crm.permissions import may_send_marketing
from broker_crm.crm.policies import today
from broker_crm.definitions.published import compiled, latest_version
from broker_crm.engine.errors import RuleFailed
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import ProcessInstance, TaskStatus, UserTask

RECIPIENT = "campaign-recipient"
CHUNK = 50
"""Recipients of a campaign that one sweep starts at most, each in a transaction of its own."""
ENOUGH_TO_JUDGE = 20
"""Recipients started before the share of refusals may stop a campaign."""
DAYS_OF_CALLS = 3
"""Waiting calls for more days than this pause a campaign; the standard of a call."""


LEAST_REST = 0.01
"""Seconds between two starts. The rest is as long as the start took, so that people's commands get
their turn on a database with one writer, however slow the machine is."""
TEXTS = ("headline", "messageA", "messageB", "headlineEn", "messageAEn", "messageBEn")


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a campaign pauses."""

    share: Decimal
    """Recipients in percent who unsubscribed or complained."""
    why: str


def send_waves(
    factory: sessionmaker[Session],
    stopping: Callable[[], bool],
    rest: Callable[[float], None] = sleep,
) -> int:
    """Start the recipients whose turn it is, a bounded number; a worker's duty.

    Each recipient is started in a transaction of its own, and only if the client may be written
    to at this moment. Campaigns with too many refusals or waiting calls pause, finished ones say
    so. Several workers may do this at once: a recipient is started by one of them.

    Args:
        factory: makes sessions.
        stopping: asked before each start.
        rest: lets others work between two starts, for so many seconds.

    Returns:
        How many were started.
    """
    running = select(Campaign.id).where(Campaign.status == CampaignStatus.RUNNING)
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        found = list(session.scalars(running.order_by(Campaign.id)))
        if found:
            compiled(session, latest_version(session, RECIPIENT).id)
    started = 0
    for campaign_id in found:
        with factory.begin() as session:
            waiting = _next(session, campaign_id)
            texts = material(session, campaign_id) if waiting else {}
        for recipient_id in waiting:
            if stopping():
                return started
            began = perf_counter()
            started += _start(factory, recipient_id, texts)
            rest(max(LEAST_REST, perf_counter() - began))
    return started


def stop_rule(session: Session, campaign: Campaign, counts: Mapping[str, int]) -> Stop | None:
    """Should the campaign pause? Counts are those of `by_state`."""
    begun = sum(counts.get(state, 0) for state in BEGUN)
    share = Decimal(0)
    if begun >= ENOUGH_TO_JUDGE:
        share = Decimal(100 * refusals(session, campaign.id)) / begun
        if share > campaign.stop_percent:
            return Stop(share, "per daug atsisakymų ir skundų")
    if campaign.calls_per_day:
        calls = waiting_calls(session, campaign.id)
        if calls > DAYS_OF_CALLS * campaign.calls_per_day:
            why = f"laukia {calls} skambučių, per dieną spėjama {campaign.calls_per_day}"
            return Stop(share, why)
    return None


def waiting_calls(session: Session, campaign_id: int) -> int:
    """Calls to recipients who answered that nobody has made yet."""
    statement = (
        select(func.count())
        .select_from(CampaignRecipient)
        .join(UserTask, UserTask.instance_id == CampaignRecipient.instance_id)
        .where(
            CampaignRecipient.campaign_id == campaign_id,
            CampaignRecipient.state == "responded",
            UserTask.status == TaskStatus.OPEN,
        )
    )
    return session.scalar(statement) or 0


def refusals(session: Session, campaign_id: int) -> int:
    """Recipients who unsubscribed, or complained about marketing after their letter."""
    complained = (
        select(Complaint.id)
        .where(
            Complaint.client_id == CampaignRecipient.client_id,
            Complaint.subject_detail == "marketing",
            Complaint.registered_at >= CampaignRecipient.started_at,
        )
        .exists()
    )
    statement = select(func.count()).where(
        CampaignRecipient.campaign_id == campaign_id,
        CampaignRecipient.started_at.is_not(None),
        or_(CampaignRecipient.unsubscribed_at.is_not(None), complained),
    )
    return session.scalar(statement) or 0


def _next(session: Session, campaign_id: int) -> list[int]:
    """Recipients of the present wave; also pauses, finishes and sets the time of the next wave."""
    campaign = session.get_one(Campaign, campaign_id, with_for_update=True)
    if campaign.status != CampaignStatus.RUNNING:
        return []
    counts = by_state(session, campaign_id)
    key = str(campaign_id)
    stop = stop_rule(session, campaign, counts)
    if stop is not None:
        told = {"stopShare": float(stop.share.quantize(Decimal("0.1"))), "stopWhy": stop.why}
        if process.send_message(session, "campaign-paused", key, told, by=None):
            campaign.status = CampaignStatus.PAUSED
        return []
    if not counts.get("waiting"):
        busy = counts.get("started") or counts.get("responded")
        if not busy and process.send_message(session, "campaign-finished", key, {}, by=None):
            campaign.status = CampaignStatus.FINISHED
            campaign.next_wave_at = None
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
    if not sent_today:
        campaign.wave += 1
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


def _start(factory: sessionmaker[Session], recipient_id: int, texts: Mapping[str, object]) -> int:
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
            variant = recipient.variant if campaign.letter_b else None
            told = text_for(texts, client, variant or "A")
            if told is None:
                recipient.state, recipient.reason = "excluded", "no-text"
                return 0
            recipient.unsubscribe_token = secrets.token_hex(20)
            started = start_automatically(session, RECIPIENT, _variables(campaign, recipient, told))
            recipient.instance_id = started.instance.id
            recipient.started_at, recipient.wave = clock.now(), campaign.wave
            if recipient.state == "waiting":
                recipient.state = "started"
    except (CaseRejected, RuleFailed) as error:
        with factory.begin() as session:
            recipient = session.get_one(CampaignRecipient, recipient_id)
            recipient.state, recipient.reason = "excluded", str(error)[:200]
        return 0
    return 1


def _variables(
    campaign: Campaign, recipient: CampaignRecipient, told: Mapping[str, str]
) -> dict[str, object]:
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


def material(session: Session, campaign_id: int) -> dict[str, object]:
    """The texts of the campaign's letters in both languages, as its case has them."""
    campaign = session.get_one(Campaign, campaign_id)
    instance = session.get_one(ProcessInstance, campaign.instance_id)
    values = process.instance_variables(session, instance.id)
    return {key: values.get(key) or "" for key in TEXTS}


def text_for(texts: Mapping[str, object], client: Client, variant: str) -> dict[str, str] | None:
    """What a client reads, in the client's language; None when the campaign has no such text."""
    ending = "" if client.language == "lt" else "En"
    told = {
        "headline": str(texts.get(f"headline{ending}") or ""),
        "messageA": str(texts.get(f"messageA{ending}") or ""),
        "messageB": str(texts.get(f"messageB{ending}") or ""),
    }
    return told if told["headline"] and told[f"message{variant}"] else None


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(OFFICE).date(), time(0), OFFICE)


def _next_morning(session: Session, moment: datetime) -> datetime:
    day = company_calendar(session).add_working_days(today(), 1)
    return datetime.combine(day, time(9), OFFICE).astimezone(moment.tzinfo)
