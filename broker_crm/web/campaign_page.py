"""What a campaign's page shows: funnels, exclusions, the hold-out, cost and the stop rule."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from broker_crm.crm import campaign_figures, campaign_waves
from broker_crm.crm.campaign_figures import Funnel, Outcome, Share
from broker_crm.crm.models import Campaign, CampaignRecipient, CampaignStatus, Client
from broker_crm.process.plain_text import plain
from broker_crm.web import money, paging, times
from broker_crm.web.wording import EXCLUSION, RECIPIENT_OUTCOME, RECIPIENT_STATE, Words, word

OPEN = (CampaignStatus.FROZEN, CampaignStatus.RUNNING, CampaignStatus.PAUSED)


def view(session: Session, campaign: Campaign) -> dict[str, Any]:
    """Everything that the page shows besides the campaign's own row."""
    states = campaign_figures.by_state(session, campaign.id)
    found = campaign_figures.outcome(session, campaign)
    total = found.total
    return {
        "instance_id": campaign.instance_id,
        "goal": campaign.goal,
        "figures": [
            (_("To be written to"), states.get("waiting", 0)),
            (_("Written to"), total.written),
            (_("Delivered"), total.delivered),
            (_("Came back"), total.bounced),
            (_("Asked to be contacted"), total.responded),
            (_("Unsubscribed"), total.unsubscribed),
            (_("Hold-out group"), states.get("held-out", 0)),
            (_("Left out"), states.get("excluded", 0)),
        ],
        "excluded": _grouped(session, campaign.id, "reason", EXCLUSION),
        "outcomes": _grouped(session, campaign.id, "outcome", RECIPIENT_OUTCOME),
        "funnels": [
            (_("By variant"), [_line(each) for each in _of(session, campaign, "variant")]),
            (_("By wave"), [_line(each) for each in _of(session, campaign, "wave")]),
        ]
        if total.written
        else [],
        "hold_out": _hold_out(found) if campaign.frozen_at else [],
        "money": _money(campaign, found),
        "stop": _stop(session, campaign, states),
        "next_wave": times.day_and_hour(campaign.next_wave_at) if campaign.next_wave_at else "",
        "wave_size": campaign.wave_size,
        "stopped_reason": campaign.stopped_reason,
    }


def recipients(session: Session, campaign: Campaign) -> dict[str, Any]:
    """The list of recipients, as searched and filtered in the request, one page of it."""
    search, start = paging.search_text(), paging.offset()
    state = paging.chosen("state", RECIPIENT_STATE)
    row = CampaignRecipient
    statement = (
        select(row, Client)
        .join(Client, Client.id == row.client_id)
        .where(row.campaign_id == campaign.id)
        .order_by(row.id)
        .offset(start)
        .limit(paging.PAGE + 1)
    )
    if state:
        statement = statement.where(row.state == state)
    for part in plain(search).split()[:5]:
        by_name = Client.search_name.contains(part, autoescape=True)
        statement = statement.where(or_(by_name, Client.email.contains(part, autoescape=True)))
    found = session.execute(statement).all()
    return {
        "search": search,
        "state": state,
        "states": RECIPIENT_STATE.items(),
        "rows": [_recipient(campaign, *each) for each in found[: paging.PAGE]],
        **paging.pages(start, len(found) > paging.PAGE),
    }


def _recipient(campaign: Campaign, recipient: CampaignRecipient, client: Client) -> dict[str, Any]:
    over = recipient.unsubscribed_at or recipient.bounced_at
    return {
        "id": recipient.id,
        "client_id": client.id,
        "name": client.name,
        "variant": recipient.variant or "–",
        "wave": recipient.wave or "–",
        "state": word(RECIPIENT_STATE, recipient.state),
        "why": word(EXCLUSION, recipient.reason)
        if recipient.reason
        else word(RECIPIENT_OUTCOME, recipient.outcome or ""),
        "written": times.day(recipient.started_at),
        "may_note": recipient.state == "started" and not over,
        "may_allow": (recipient.state, recipient.reason) == ("excluded", "vip")
        and campaign.status in OPEN,
    }


def _of(session: Session, campaign: Campaign, by: str) -> list[Funnel]:
    return campaign_figures.funnels(session, campaign.id, by)


def _line(funnel: Funnel) -> dict[str, Any]:
    return {
        "label": funnel.label,
        "written": funnel.written,
        "delivered": funnel.delivered,
        "bounced": funnel.bounced,
        "responded": funnel.responded,
        "response": share(funnel.response),
        "enough": funnel.response.enough,
        "unsubscribed": funnel.unsubscribed,
        "sales": funnel.sales,
    }


def share(found: Share) -> str:
    """A share with its interval and number, '–' of nothing."""
    if not found.of:
        return "–"
    low, high = found.interval
    return _(
        "%(share)s %% (%(low)s–%(high)s %%, n = %(number)s)",
        share=format_decimal(round(found.percent, 1)),
        low=format_decimal(round(low, 1)),
        high=format_decimal(round(high, 1)),
        number=found.of,
    )


def _hold_out(found: Outcome) -> list[tuple[str, str]]:
    return [
        (_("Bought of those written to"), share(found.written)),
        (_("Bought of the hold-out group"), share(found.held_out)),
    ]


def _money(campaign: Campaign, found: Outcome) -> list[tuple[str, str]]:
    def per(number: int) -> str:
        amount = found.cost_per(number)
        return "–" if amount is None else money.euros(amount)

    return [
        (_("Budget"), money.euros(campaign.budget)),
        (_("Cost of the material"), money.euros(campaign.material_cost)),
        (_("Spent with sending and work"), money.euros(found.cost)),
        (_("Per answer"), per(found.total.responded)),
        (_("Per meeting"), per(found.meetings)),
        (_("Per contract"), per(found.contracts_last)),
        (_("Meetings held"), str(found.meetings)),
        (_("Contracts by first touch"), str(found.contracts_first)),
        (_("Contracts by last touch"), str(found.contracts_last)),
        (_("Commission by last touch"), money.euros(found.commission)),
        (_("Also written to by other campaigns"), str(found.overlapping)),
    ]


def _stop(session: Session, campaign: Campaign, states: Mapping[str, int]) -> dict[str, Any]:
    begun = sum(states.get(each, 0) for each in campaign_figures.BEGUN)
    refused = campaign_waves.refusals(session, campaign.id)
    percent = (Decimal(100 * refused) / begun).quantize(Decimal("0.1")) if begun else Decimal(0)
    calls = campaign_waves.waiting_calls(session, campaign.id)
    limit = campaign_waves.DAYS_OF_CALLS * (campaign.calls_per_day or 0)
    return {
        "paused": campaign.status == CampaignStatus.PAUSED,
        "lines": [
            (
                _("Refusals and complaints"),
                _(
                    "%(share)s %% of %(limit)s %%",
                    share=money.number(percent),
                    limit=money.number(campaign.stop_percent),
                ),
                percent > campaign.stop_percent,
            ),
            (
                _("Calls waiting"),
                _("%(number)s of %(limit)s", number=calls, limit=limit or "∞"),
                bool(limit) and calls > limit,
            ),
        ],
        "judged": begun >= campaign_waves.ENOUGH_TO_JUDGE,
        "enough": campaign_waves.ENOUGH_TO_JUDGE,
    }


def _grouped(
    session: Session, campaign_id: int, column: str, words: Words
) -> list[tuple[str, int]]:
    key = getattr(CampaignRecipient, column)
    rows = session.execute(
        select(key, func.count())
        .where(CampaignRecipient.campaign_id == campaign_id, key.is_not(None))
        .group_by(key)
        .order_by(func.count().desc(), key)
    )
    return [(word(words, str(value)), number) for value, number in rows]
