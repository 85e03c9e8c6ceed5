"""The frozen list of a campaign's recipients: who is in the segment, who is left out and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from time import perf_counter, sleep

from sqlalchemy import (
    ColumnElement,
    Subquery,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, process
from broker_crm.crm.campaign_figures import by_state
from broker_crm.crm.campaign_vips import tell_salespeople
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
)
from broker_crm.process.jobs import JobCall

RECENT_DAYS = 30
"""Days in which a client gets no second campaign."""
LEAST_REST = 0.02
"""Seconds between two pieces; the rest is as long as the piece took, as between starts."""
PIECE = 500
"""Clients written into a list in one transaction; a longer list is made by the workers."""
REASONS = {
    "do-not-contact": "prašė nesikreipti",
    "restricted": "apribotas duomenų tvarkymas",
    "no-permission": "nėra leidimo",
    "no-address": "nėra adreso",
    "open-complaint": "atviras skundas",
    "recent-campaign": "neseniai rašyta",
    "vip": "VIP",
    "no-text": "nėra teksto kliento kalba",
}
"""Reasons of exclusion as the designers' forms show them."""


def anybody(session: Session, campaign: Campaign) -> bool:
    """Is there a client in the segment who may be written to?"""
    found = select(Client.id).where(*_segment(campaign), _reason(campaign) == "").limit(1)
    return session.scalar(found) is not None


def freeze(call: JobCall) -> Mapping[str, object]:
    """Fix the list of recipients with the reasons of exclusion and the hold-out group.

    A short list is made at once, and replaces one that was made before. A long one is only
    ordered: workers make it in short transactions and send the message “campaign-frozen”.
    Gives `campaignList`: `ready`, `waiting`, `heldOut`, `excluded` and `reasons` in words.
    """
    session = call.session
    campaign = of_case(call)
    _keep_wishes(campaign, call.job.variables)
    many = select(Client.id).where(*_segment(campaign)).limit(PIECE + 1).subquery()
    there = select(CampaignRecipient.id).where(CampaignRecipient.campaign_id == campaign.id)
    before = there.limit(PIECE + 1).subquery()
    if max(_size(session, many), _size(session, before)) > PIECE:
        campaign.status, campaign.listed_up_to = CampaignStatus.LISTING, None
        session.flush()
        nothing = {"waiting": 0, "heldOut": 0, "excluded": 0, "reasons": "–"}
        return {"campaignList": {"ready": False, **nothing}}
    session.execute(delete(CampaignRecipient).where(CampaignRecipient.campaign_id == campaign.id))
    _write(session, campaign)
    return {"campaignList": _frozen(session, campaign)}


def make_lists(factory: sessionmaker[Session], stopping: Callable[[], bool]) -> int:
    """Go on with long lists, a piece in each transaction; a worker's duty.

    A worker that is stopped or killed leaves the list as far as it came; the next goes on there.

    Returns:
        How many pieces were made.
    """
    ordered = select(Campaign.id).where(Campaign.status == CampaignStatus.LISTING)
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        waiting = list(session.scalars(ordered.order_by(Campaign.id)))
    pieces = 0
    for campaign_id in waiting:
        going_on = True
        while going_on and not stopping():
            began = perf_counter()
            with factory.begin() as session:
                going_on = _piece(session, campaign_id)
            pieces += 1
            sleep(max(LEAST_REST, perf_counter() - began))
    return pieces


def of_case(call: JobCall) -> Campaign:
    """The campaign whose case asks."""
    return call.session.scalars(select(Campaign).where(Campaign.instance_id == call.case.id)).one()


def segment_in(values: Mapping[str, object]) -> dict[str, object]:
    """The saved query in the values of the step that chooses the recipients."""
    return {
        "kind": values["segmentKind"],
        "status": values["segmentStatus"],
        "sector": values["segmentSector"],
        "size": values["segmentSize"],
        "withoutProduct": bool(values.get("onlyWithoutProduct")),
    }


def _keep_wishes(campaign: Campaign, values: Mapping[str, object]) -> None:
    campaign.segment = segment_in(values)
    campaign.hold_out_percent = int(str(values["holdOutPercent"]))
    campaign.wave_size = int(str(values["waveSize"]))
    campaign.stop_percent = Decimal(str(values["stopPercent"]))
    campaign.budget = Decimal(str(values.get("budget") or 0))
    campaign.goal = str(values.get("goal") or "")[:500]


def _size(session: Session, rows: Subquery) -> int:
    return session.scalar(select(func.count()).select_from(rows)) or 0


def _piece(session: Session, campaign_id: int) -> bool:
    """Clear, write or finish one piece of a list; false when there is nothing more to do now."""
    campaign = session.get_one(Campaign, campaign_id, with_for_update=True)
    if campaign.status != CampaignStatus.LISTING:
        return False
    if campaign.listed_up_to is None:
        old = (
            select(CampaignRecipient.id)
            .where(CampaignRecipient.campaign_id == campaign_id)
            .order_by(CampaignRecipient.id)
            .limit(PIECE)
        )
        found = list(session.scalars(old))
        session.execute(delete(CampaignRecipient).where(CampaignRecipient.id.in_(found)))
        if not found:
            campaign.listed_up_to = 0
        return True
    first = campaign.listed_up_to
    last = session.scalar(
        select(Client.id).where(Client.id > first).order_by(Client.id).offset(PIECE - 1).limit(1)
    ) or session.scalar(select(func.max(Client.id)).where(Client.id > first))
    if last is not None:
        _write(session, campaign, Client.id > first, Client.id <= last)
        campaign.listed_up_to = last
        return True
    key = str(campaign_id)
    told = {"campaignList": _frozen(session, campaign)}
    if not process.send_message(session, "campaign-frozen", key, told, by=None):
        campaign.status = CampaignStatus.LISTING
    return False


def _write(session: Session, campaign: Campaign, *only: ColumnElement[bool]) -> None:
    reason = _reason(campaign)
    held = (Client.id * 7919 + campaign.id * 104_729) % 100 < campaign.hold_out_percent
    rows = select(
        literal(campaign.id),
        Client.id,
        case((reason != "", "excluded"), (held, "held-out"), else_="waiting"),
        func.nullif(reason, ""),
        case(((Client.id * 31 + campaign.id) % 2 == 0, "A"), else_="B"),
    ).where(*_segment(campaign), *only)
    session.execute(
        insert(CampaignRecipient).from_select(
            ["campaign_id", "client_id", "state", "reason", "variant"], rows
        )
    )


def _frozen(session: Session, campaign: Campaign) -> dict[str, object]:
    campaign.status, campaign.frozen_at = CampaignStatus.FROZEN, clock.now()
    session.flush()
    tell_salespeople(session, campaign)
    counts = by_state(session, campaign.id)
    why = session.execute(
        select(CampaignRecipient.reason, func.count())
        .where(CampaignRecipient.campaign_id == campaign.id, CampaignRecipient.reason.is_not(None))
        .group_by(CampaignRecipient.reason)
        .order_by(CampaignRecipient.reason)
    )
    return {
        "ready": True,
        "waiting": counts.get("waiting", 0),
        "heldOut": counts.get("held-out", 0),
        "excluded": counts.get("excluded", 0),
        "reasons": ", ".join(f"{REASONS.get(str(key), key)} {count}" for key, count in why) or "–",
    }


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
