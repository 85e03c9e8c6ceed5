"""Is everything up? Database and its schema, Redis, and whether the workers live and keep up."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, request
from redis import Redis, RedisError
from sqlalchemy.exc import SQLAlchemyError

from broker_crm import metrics as counted
from broker_crm import readings, schema
from broker_crm.operators import is_operator
from broker_crm.settings import Settings
from broker_crm.web import database
from broker_crm.web.errors import NotFound

blueprint = Blueprint("health", __name__)


@blueprint.get("/health/live")
def live() -> Response:
    """200 as long as this process answers; asks nobody else."""
    return _answer({"status": "ok"}, 200)


@blueprint.get("/health/ready")
def ready() -> Response:
    """200 as long as this process can serve people: for a balancer that asks often."""
    try:
        standing = _schema()
    except SQLAlchemyError:
        return _answer({"status": "down"}, 503)
    return _answer({"status": "down"}, 503) if standing == "old" else _answer({"status": "ok"}, 200)


@blueprint.get("/health")
def health() -> Response:
    """200 as long as people can work; 503 when the database is away or not prepared.

    Everybody may know what is up and what is down; figures and names of hosts are for operators.
    """
    body: dict[str, Any] = {"redis": _redis(_settings().redis_url)}
    details: dict[str, Any] = {"release": version("broker_crm"), "revision": schema.head()}
    try:
        body["schema"] = _schema()
        body["database"] = "ok"
        if body["schema"] != "old":
            read = readings.take(database.current())
            body["worker"] = "late" if read.is_late else "ok"
            body["mail"] = "held" if read.mail_is_held else "ok"
            details |= _details(read)
    except SQLAlchemyError:
        body |= {"database": "down", "schema": "unknown", "worker": "unknown"}
    can_work = body["database"] == "ok" and body["schema"] != "old"
    well = can_work and (body["schema"], body["redis"], body["worker"]) == ("ok", "ok", "ok")
    body["status"] = "ok" if well else "degraded" if can_work else "down"
    if is_operator(request, _settings()):
        body |= details
    return _answer(body, 200 if can_work else 503)


@blueprint.get("/metrics")
def metrics() -> Response:
    """For Prometheus; to others the address does not exist."""
    if not is_operator(request, _settings()):
        raise NotFound
    standing, read = "unknown", None
    try:
        standing = _schema()
        read = readings.take(database.current()) if standing != "old" else None
    except SQLAlchemyError:
        database.reread()
    shown = counted.exposition(read, standing, standing != "unknown")
    return Response(shown, content_type=counted.CONTENT_TYPE)


def _details(read: readings.Readings) -> dict[str, Any]:
    longest = readings.PATIENCE.total_seconds()
    return {
        "worker_lag_seconds": read.lag_seconds,
        "worker_seen_seconds_ago": read.silence_seconds,
        "workers": [
            asdict(each) | {"state": "silent" if each.seconds_ago > longest else "ok"}
            for each in read.workers
        ],
        "timers": {
            "due": read.timers.count,
            "oldest_due_seconds": read.timers.oldest_seconds,
            "resting": read.timers.resting,
            "parked": read.timers.parked,
        },
        "letters": {
            "due": read.letters.count,
            "oldest_due_seconds": read.letters.oldest_seconds,
            **{state: n for state, n in read.letters_by_state.items() if state != "sent"},
        },
        "messages": {
            "due": read.messages.count,
            "oldest_due_seconds": read.messages.oldest_seconds,
            "resting": read.messages.resting,
            "parked": read.messages.parked,
        },
        "open_incidents": sum(read.incidents.values()),
    }


def _answer(body: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(body), status, mimetype="application/json")


def _schema() -> str:
    with database.reading() as connection:
        return schema.standing(connection)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["broker_crm.settings"]
    return settings


def _redis(url: str) -> str:
    try:
        with Redis.from_url(url, socket_connect_timeout=0.3, socket_timeout=0.3) as client:
            client.ping()
    except (RedisError, OSError):
        return "down"
    return "ok"
