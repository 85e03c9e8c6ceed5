"""Two campaigns of the sample: one that is over, one under way, each with a hold-out group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm.calendar import OFFICE
from broker_crm.crm import campaign_lists, campaign_waves, campaigns
from broker_crm.crm.models import CampaignRecipient, Product
from broker_crm.process.calendars import company_calendar
from broker_crm.process.starting import Started
from broker_crm.sample.behaviour import SampleCase
from broker_crm.sample.chance import evenly
from broker_crm.sample.lived import Simulation

ANSWERS = {"A": 0.09, "B": 0.15}
"""Share that answers by version of the letter: B by 6 points more."""
UNSUBSCRIBES = 0.012


@dataclass(frozen=True, slots=True)
class Plan:
    name: str
    product: str
    sector: str
    began: int
    """Days ago."""
    lasts: int
    """Days for which sweeps are planned."""


PLANS = (
    Plan("Klinikų kibernetinė apsauga", "cyber", "health", 150, 32),
    Plan("Krovinių draudimas vežėjams", "cargo", "transport", 24, 24),
)


def plan(session: Session, simulation: Simulation, end: datetime, share: float) -> None:
    """Plan both campaigns with their waves and answers.

    Args:
        session: for reading.
        simulation: that lives them.
        end: the present.
        share: of the usual size; a small share has the campaign that is over only.
    """
    calendar = company_calendar(session)
    for number, each in enumerate(PLANS if share >= 0.5 else PLANS[:1]):
        product_id = session.scalar(select(Product.id).where(Product.key == each.product))
        near = (end - timedelta(days=each.began)).astimezone(OFFICE).date()
        day = calendar.add_working_days(near, 0)
        at = datetime.combine(day, time(10), OFFICE)
        case = SampleCase(
            key=f"K{number}",
            process=campaigns.CAMPAIGN,
            client_id=0,
            owner="marketing",
            product=each.product,
            traits={"segmentSector": each.sector, "segmentKind": "legal"},
        )
        simulation.begin(at, case, _creates(each.name, product_id))
        for days in range(1, each.lasts):
            morning = calendar.add_working_days(day + timedelta(days=days), 0)
            if days > 1 and morning == calendar.add_working_days(day + timedelta(days=days - 1), 0):
                continue
            simulation.plan_outside(datetime.combine(morning, time(8, 40), OFFICE), _wave)
            simulation.plan_outside(datetime.combine(morning, time(11, 30), OFFICE), _answers)


def _creates(name: str, product_id: int | None) -> Callable[[Session], Started]:
    def begin(session: Session) -> Started:
        return campaigns.create(session, name, product_id, by="marketing")

    return begin


def _wave(factory: sessionmaker[Session]) -> None:
    campaign_lists.make_lists(factory, lambda: False)
    campaign_waves.send_waves(factory, lambda: False, rest=lambda _seconds: None)


def _answers(factory: sessionmaker[Session]) -> None:
    """Some of those who were written to on the day before answer, a few unsubscribe."""
    with factory() as session:
        waiting = session.execute(
            select(
                CampaignRecipient.id,
                CampaignRecipient.variant,
                CampaignRecipient.unsubscribe_token,
            )
            .where(
                CampaignRecipient.state == "started",
                CampaignRecipient.unsubscribe_token.is_not(None),
            )
            .order_by(CampaignRecipient.id)
        ).all()
    for identifier, variant, token in waiting:
        likely, drawn = ANSWERS.get(variant or "A", ANSWERS["A"]), evenly(identifier)
        if drawn < likely or drawn > 1 - UNSUBSCRIBES:
            with factory.begin() as session:
                if drawn < likely:
                    campaigns.answered(session, str(token))
                else:
                    campaigns.unsubscribed(session, str(token))
