"""Loads the sample data into an empty database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.clock import SimulatedClock
from broker_crm.crm.models import Client
from broker_crm.people.demo import PASSWORD
from broker_crm.people.passwords import hash_password
from broker_crm.process import release
from broker_crm.process.models import TaskStatus, UserTask
from broker_crm.sample.catalogue import add_catalogue
from broker_crm.sample.clients import add_clients
from broker_crm.sample.earlier import PAST_DAYS
from broker_crm.sample.history import add_history
from broker_crm.sample.peculiar import add_peculiar, ask_for_erasure
from broker_crm.sample.product_papers import add_papers
from broker_crm.sample.staff import add_staff
from broker_crm.settings import Settings

CLIENTS = 200
LIGHT = 1_600
"""Clients of whom only the history tells: about a thousand prospects, the others hold policies."""


def seed(
    factory: sessionmaker[Session],
    settings: Settings,
    *,
    scale: int = 1,
    history: bool = True,
    share: float = 1.0,
    today: datetime | None = None,
    progress: Callable[[int], None] | None = None,
) -> bool:
    """Load people, clients, products and the past.

    The same seed, scale, share and day give the same data.

    Args:
        factory: makes sessions.
        settings: of the product.
        scale: times as many clients and cases.
        history: with policies and past cases; the processes must be published.
        share: of the history, for a quick small one.
        today: the present of the sample, aware; the clock's by default.
        progress: called now and then with the number of things that have happened.

    Returns:
        False when there are clients already; nothing has changed then.
    """
    present = today or clock.now()
    with factory.begin() as session:
        if session.scalar(select(func.count()).select_from(Client)):
            return False
        with clock.use(SimulatedClock(present - timedelta(days=PAST_DAYS))):
            add_staff(session, hash_password(PASSWORD), present.date())
            products = add_catalogue(session, present.date())
            add_papers(session, products, present.date())
            light = round(LIGHT * scale * min(1.0, share)) if history else 0
            clients = add_clients(session, CLIENTS * scale, light)
            add_peculiar(session, clients)
    if history:
        add_history(
            factory, present, browsed=CLIENTS * scale, share=share * scale, progress=progress
        )
        with clock.use(SimulatedClock(present)):
            _give_some_back(factory)
    ask_for_erasure(factory, present)
    return True


def _give_some_back(factory: sessionmaker[Session]) -> None:
    """A few tasks lie in the salespeople's common queue."""
    with factory.begin() as session:
        waiting = session.scalars(
            select(UserTask)
            .where(
                UserTask.status == TaskStatus.OPEN,
                UserTask.step == "first-call",
                UserTask.assignee.is_not(None),
            )
            .order_by(UserTask.created_at.desc())
            .limit(6)
        )
        for task in list(waiting):
            release(session, task.id, by=task.assignee or "")
