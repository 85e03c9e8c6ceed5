"""Up-sells and cross-sells of the sample: signals found by the decision tables, and taken up."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm.calendar import OFFICE
from broker_crm.crm.models import Client, ClientStatus, Policy
from broker_crm.crm.opportunities import find, send_best
from broker_crm.process.calendars import company_calendar
from broker_crm.sample.lived import Outside, Simulation

DAYS = (170, 120, 80, 45, 21, 6, 1)
"""Days ago on which somebody goes round the clients."""
CLIENTS = 20
"""Looked at in one round."""


def plan(session: Session, simulation: Simulation, end: datetime, share: float) -> None:
    """Plan the rounds.

    Args:
        session: for reading.
        simulation: that lives what comes of them.
        end: the present.
        share: of the usual number.
    """
    calendar = company_calendar(session)
    each = max(4, round(CLIENTS * min(share, 4)))
    for place, days in enumerate(DAYS):
        near = (end - timedelta(days=days)).astimezone(OFFICE).date()
        day = calendar.add_working_days(near, 0)
        at = datetime.combine(day, time(8, 20), OFFICE)
        simulation.plan_outside(at, _round(place * each, each))


def _round(first: int, count: int) -> Outside:
    def act(factory: sessionmaker[Session]) -> None:
        with factory.begin() as session:
            held = select(Policy.client_id).where(Policy.status == "active")
            clients = session.scalars(
                select(Client)
                .where(Client.id.in_(held), Client.do_not_contact.is_(False))
                .order_by(Client.id)
                .offset(first)
                .limit(count)
            ).all()
            for client in clients:
                client.status = ClientStatus.ACTIVE
                find(session, client)
        with factory.begin() as session:
            send_best(session)

    return act
