"""A worker's part: goes on with orders that something interrupted, until nothing is half done."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.db import UNAVAILABLE
from broker_crm.process import duties
from broker_crm.process.steering import batches
from broker_crm.process.steering.models import RowState, SteeringBatch, SteeringRow

PATIENCE = timedelta(minutes=1)
"""What is not done by then was interrupted, or is very slow; the worker helps."""

log = logging.getLogger("broker_crm.duties")


def register() -> None:
    """Let workers go on with orders; safe to repeat."""
    duties.register("orders", carry_on)


def carry_on(factory: sessionmaker[Session], stopping: Callable[[], bool] = lambda: False) -> int:
    """Do, or take back, what interruptions left of orders.

    Orders that somebody gave or took back a moment ago are left to the request that does them.

    Args:
        factory: makes sessions.
        stopping: asked before each subject; when true, the rest waits for the next sweep.

    Returns:
        How many subjects were done or refused.
    """
    pending = select(SteeringRow.batch_id).where(
        SteeringRow.state.in_((RowState.NEW, RowState.UNDOING))
    )
    since = func.coalesce(SteeringBatch.undone_at, SteeringBatch.created_at)
    left = select(SteeringBatch).where(
        SteeringBatch.id.in_(pending), since < clock.now() - PATIENCE
    )
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        found = [(each.id, *batches.rest(each)) for each in session.scalars(left.order_by(since))]
    done = 0
    for batch_id, state, how in found:
        try:
            done += batches.do_each(factory, batch_id, state, how, stopping)
        except UNAVAILABLE:
            raise
        except Exception:
            log.exception("the order %s can't go on; the next sweep tries again", batch_id)
    return done
