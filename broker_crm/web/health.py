"""Is everything up? Database, Redis, and whether the worker lives and keeps up."""

from __future__ import annotations

from datetime import timedelta

import orjson
from flask import Blueprint, Response, current_app
from redis import Redis, RedisError
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from broker_crm import clock
from broker_crm.heartbeat import seconds_since_beat
from broker_crm.outreach.models import OutboxEntry, OutboxState
from broker_crm.process.models import Timer
from broker_crm.settings import Settings
from broker_crm.web import database

PATIENCE = timedelta(minutes=5)
"""How late or silent the worker may be before it is called late."""

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
def health() -> Response:
    """200 as long as people can work; 503 when the database is away."""
    settings: Settings = current_app.extensions["broker_crm.settings"]
    body: dict[str, object] = {"redis": _redis(settings.redis_url)}
    try:
        lag, silence = _worker_lag(), seconds_since_beat(database.current())
        late = silence is None or max(lag, silence) > PATIENCE.total_seconds()
        body |= {
            "database": "ok",
            "worker_lag_seconds": lag,
            "worker_seen_seconds_ago": None if silence is None else int(silence),
            "worker": "late" if late else "ok",
        }
        status = 200
    except SQLAlchemyError:
        body["database"] = "down"
        status = 503
    well = status == 200 and body["redis"] == "ok" and body["worker"] == "ok"
    body["status"] = "ok" if well else "degraded" if status == 200 else "down"
    return Response(orjson.dumps(body), status, mimetype="application/json")


def _worker_lag() -> int:
    """Seconds since the oldest timer or letter that should already have been dealt with."""
    session = database.current()
    oldest_timer = session.scalar(select(func.min(Timer.due_at)).where(Timer.parked.is_(False)))
    oldest_letter = session.scalar(
        select(func.min(OutboxEntry.next_attempt_at)).where(OutboxEntry.state == OutboxState.QUEUED)
    )
    due = [moment for moment in (oldest_timer, oldest_letter) if moment is not None]
    return max(0, int((clock.now() - min(due)).total_seconds())) if due else 0


def _redis(url: str) -> str:
    try:
        with Redis.from_url(url, socket_connect_timeout=0.3, socket_timeout=0.3) as client:
            client.ping()
    except (RedisError, OSError):
        return "down"
    return "ok"
