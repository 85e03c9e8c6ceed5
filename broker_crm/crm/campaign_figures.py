"""What a campaign achieved: its funnel by wave and variant, cost, attribution, and the hold-out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from math import sqrt
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Campaign, CampaignRecipient, Meeting, Policy
from broker_crm.process.jobs import JobCall
from broker_crm.process.models import UserTask

BEGUN = ("started", "responded", "ended", "unsubscribed")
"""States of recipients who were written to."""
ENOUGH = 20
"""Below so many, a share is only a hint."""
Z = 1.96
ATTRIBUTION = timedelta(days=180)
"""How long after a letter a policy may have come of it."""
LETTER_COST = Decimal("0.01")
"""Of sending one letter, EUR."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a number with its Wilson interval at 95 %, in percent."""

    part: int
    of: int

    @property
    def percent(self) -> float:
        return 100 * self.part / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson score interval (Wilson 1927)."""
        if not self.of:
            return 0.0, 100.0
        p, n, square = self.part / self.of, self.of, Z * Z
        middle = (p + square / (2 * n)) / (1 + square / n)
        half = Z / (1 + square / n) * sqrt(p * (1 - p) / n + square / (4 * n * n))
        return 100 * max(0.0, middle - half), 100 * min(1.0, middle + half)

    @property
    def enough(self) -> bool:
        return self.of >= ENOUGH


@dataclass(frozen=True, slots=True)
class Funnel:
    """Recipients of one wave or variant; `label` is '' for all."""

    label: str
    written: int
    bounced: int
    responded: int
    unsubscribed: int
    sales: int

    @property
    def delivered(self) -> int:
        return self.written - self.bounced

    @property
    def response(self) -> Share:
        return Share(self.responded, self.delivered)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the campaign by now."""

    total: Funnel
    meetings: int
    contracts_first: int
    """Policies of clients to whom this campaign was the first to write within half a year."""
    contracts_last: int
    """The same for the last campaign that wrote before the policy."""
    overlapping: int
    """Recipients to whom another campaign wrote within half a year before or after."""
    commission: Decimal
    """Of the policies by last touch, EUR."""
    written: Share
    """Recipients with a new policy of the product since the list was made."""
    held_out: Share
    """The same for the hold-out group: what would have been sold anyway."""
    cost: Decimal
    """Material, sending, and the minutes of steps by their cost standard, EUR."""

    def cost_per(self, number: int) -> Decimal | None:
        return (self.cost / number).quantize(Decimal("0.01")) if number else None


def by_state(session: Session, campaign_id: int) -> dict[str, int]:
    """Recipients by state."""
    rows = session.execute(
        select(CampaignRecipient.state, func.count())
        .where(CampaignRecipient.campaign_id == campaign_id)
        .group_by(CampaignRecipient.state)
    )
    return dict(rows.all())


def funnels(session: Session, campaign_id: int, by: str | None = None) -> list[Funnel]:
    """The funnel of those who were written to.

    Args:
        session: for reading.
        campaign_id: whose.
        by: 'wave', 'variant', or None for all together.
    """
    row = CampaignRecipient
    label: ColumnElement[Any] | None = getattr(row, by) if by else None
    counted = (
        func.count(row.started_at),
        func.count(row.bounced_at),
        func.count(row.responded_at),
        func.count(row.unsubscribed_at),
        func.count(row.sale_at),
    )
    condition = and_(row.campaign_id == campaign_id, row.started_at.is_not(None))
    if label is None:
        return [Funnel("", *session.execute(select(*counted).where(condition)).one())]
    rows = session.execute(select(label, *counted).where(condition).group_by(label).order_by(label))
    return [Funnel(str(key if key is not None else "–"), *numbers) for key, *numbers in rows]


def outcome(session: Session, campaign: Campaign) -> Outcome:
    """Count what came of a campaign; reads the campaign's recipients and the clients' policies."""
    (total,) = funnels(session, campaign.id)
    row = CampaignRecipient
    mine = and_(row.campaign_id == campaign.id, row.started_at.is_not(None))
    held = exists().where(
        Meeting.client_id == row.client_id,
        Meeting.status == "held",
        Meeting.starts_at >= row.responded_at,
    )
    meetings = session.scalar(select(func.count()).where(mine, row.responded_at.is_not(None), held))
    touched = _touched(session, campaign)
    return Outcome(
        total=total,
        meetings=meetings or 0,
        contracts_first=touched["first"],
        contracts_last=touched["last"],
        overlapping=_overlapping(session, campaign),
        commission=touched["commission"],
        written=_bought(session, campaign, row.started_at.is_not(None)),
        held_out=_bought(session, campaign, row.state == "held-out"),
        cost=_cost(session, campaign, total.written),
    )


def measure(call: JobCall) -> Mapping[str, object]:
    """The figures of the campaign at this moment, kept with the case: `campaignFigures`."""
    campaign = call.session.scalars(
        select(Campaign).where(Campaign.instance_id == call.case.id)
    ).one()
    found = outcome(call.session, campaign)
    total = found.total
    variants = ", ".join(
        f"{each.label} {in_words(each.response)}"
        for each in funnels(call.session, campaign.id, "variant")
    )
    return {
        "campaignFigures": {
            "written": total.written,
            "delivered": total.delivered,
            "bounced": total.bounced,
            "responded": total.responded,
            "responsePercent": round(total.response.percent, 1),
            "responseText": in_words(total.response),
            "variantsText": variants or "–",
            "unsubscribed": total.unsubscribed,
            "meetings": found.meetings,
            "contractsFirst": found.contracts_first,
            "contractsLast": found.contracts_last,
            "holdOutText": f"{in_words(found.held_out)}; gavę laišką {in_words(found.written)}",
            "cost": float(found.cost),
            "costPerResponse": _euros(found.cost_per(total.responded)),
            "costPerMeeting": _euros(found.cost_per(found.meetings)),
            "costPerContract": _euros(found.cost_per(found.contracts_last)),
        }
    }


def in_words(share: Share) -> str:
    """A share as Lithuanian reports write it: '12,5 % (4,3–31,0 %, n = 24)'."""
    low, high = share.interval
    text = f"{share.percent:.1f} % ({low:.1f}–{high:.1f} %, n = {share.of})"
    return text.replace(".", ",")


def _euros(amount: Decimal | None) -> str:
    return "–" if amount is None else f"{amount} EUR".replace(".", ",")


def _new_policy(campaign: Campaign) -> list[ColumnElement[bool]]:
    """New policies of the campaign's product, made after its list, joined to its recipients."""
    row = CampaignRecipient
    return [
        row.campaign_id == campaign.id,
        Policy.client_id == row.client_id,
        Policy.product_id == campaign.product_id,
        Policy.sales_type == "new",
        Policy.created_at >= func.coalesce(row.started_at, campaign.frozen_at),
        Policy.created_at <= campaign.created_at + 2 * ATTRIBUTION,
    ]


def _bought(session: Session, campaign: Campaign, of: ColumnElement[bool]) -> Share:
    if campaign.frozen_at is None:
        return Share(0, 0)
    row = CampaignRecipient
    policies = exists().where(*_new_policy(campaign)[1:])
    part, number = session.execute(
        select(func.sum(case((policies, 1), else_=0)), func.count(row.id)).where(
            row.campaign_id == campaign.id, of
        )
    ).one()
    return Share(int(part or 0), number)


def _touched(session: Session, campaign: Campaign) -> dict[str, Any]:
    """Policies by first and by last touch, and the commission of the latter."""
    found: dict[str, Any] = {"first": 0, "last": 0, "commission": Decimal(0)}
    if campaign.frozen_at is None:
        return found
    row = CampaignRecipient
    policies = session.execute(
        select(Policy, row.started_at).where(*_new_policy(campaign), row.started_at.is_not(None))
    ).all()
    for policy, _started in policies:
        letters = session.execute(
            select(row.campaign_id)
            .where(
                row.client_id == policy.client_id,
                row.started_at <= policy.created_at,
                row.started_at >= policy.created_at - ATTRIBUTION,
            )
            .order_by(row.started_at, row.id)
        ).scalars()
        touches = list(letters)
        if not touches:
            continue
        found["first"] += touches[0] == campaign.id
        if touches[-1] == campaign.id:
            found["last"] += 1
            found["commission"] += policy.premium * policy.commission_percent / 100
    return found


def _overlapping(session: Session, campaign: Campaign) -> int:
    row = CampaignRecipient
    other = row.__table__.alias("other")
    near = (
        select(other.c.id)
        .where(
            other.c.client_id == row.client_id,
            other.c.campaign_id != campaign.id,
            other.c.started_at >= campaign.created_at - ATTRIBUTION,
            other.c.started_at <= campaign.created_at + ATTRIBUTION,
        )
        .exists()
    )
    statement = select(func.count()).where(
        row.campaign_id == campaign.id, row.started_at.is_not(None), near
    )
    return session.scalar(statement) or 0


def _cost(session: Session, campaign: Campaign, letters: int) -> Decimal:
    """Material, letters, and the completed steps of the campaign and its recipients' cases."""
    row = CampaignRecipient
    of_campaign = select(func.sum(UserTask.standard_cost)).where(
        UserTask.instance_id == campaign.instance_id, UserTask.completed_at.is_not(None)
    )
    of_calls = (
        select(func.sum(UserTask.standard_cost))
        .join(row, row.instance_id == UserTask.instance_id)
        .where(
            row.campaign_id == campaign.id,
            row.responded_at.is_not(None),
            UserTask.completed_at.is_not(None),
        )
    )
    steps = sum(
        (Decimal(str(session.scalar(each) or 0)) for each in (of_campaign, of_calls)), Decimal(0)
    )
    total = (campaign.material_cost or Decimal(0)) + letters * LETTER_COST + steps
    return total.quantize(Decimal("0.01"))
