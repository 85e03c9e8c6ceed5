"""What operators are promised: a true health, metrics without people's data, traceable requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from broker_crm.db import connect, sessions
from broker_crm.heartbeat import beat
from broker_crm.outreach import jobs
from broker_crm.process.models import Incident, Timer
from broker_crm.web import create_app, database

from .conftest import Site

PASSED_ON = {"X-Forwarded-For": "127.0.0.1"}
FIGURES = {"timers", "letters", "messages", "workers", "open_incidents", "release", "revision"}
TOKEN = "an-operators-token"
LABELS = {"endpoint", "method", "status", "command", "result", "what", "reason", "kind", "state"}
LABELS |= {"le", "host", "process", "release", "python", "revision"}
LETTER = {
    "introLetterOutcome": "send",
    "letterLanguage": "lt",
    "recipientEmail": "info@klientas.example",
}


def operator(site: Site, **settings: object) -> FlaskClient:
    """A client of the product with other settings."""
    return create_app(replace(site.settings, **settings)).test_client()  # type: ignore[arg-type]


def samples(site: Site) -> list[Sample]:
    """The product's own metrics."""
    shown = site.app.test_client().get("/metrics").text
    found = [each for family in text_string_to_metric_families(shown) for each in family.samples]
    return [each for each in found if each.name.startswith("broker_crm_")]


@contextmanager
def without_database(site: Site) -> Iterator[None]:
    kept = {name: site.app.extensions[name] for name in (database.ENGINE, database.FACTORY)}
    broken = connect("sqlite:////nonexistent/folder/file.sqlite3")
    site.app.extensions |= {database.ENGINE: broken, database.FACTORY: sessions(broken)}
    yield
    site.app.extensions |= kept


@pytest.mark.parametrize(
    ("token", "headers", "allowed"),
    [
        (None, {}, True),
        (None, PASSED_ON, False),
        (None, {"Authorization": "Bearer None"}, True),
        (TOKEN, PASSED_ON, False),
        (TOKEN, PASSED_ON | {"Authorization": f"Bearer {TOKEN}"}, True),
        (TOKEN, PASSED_ON | {"Authorization": f"Bearer {TOKEN}x"}, False),
        (TOKEN, {"Authorization": "Bearer wrong"}, False),
        (TOKEN, {"REMOTE_ADDR": "10.0.0.9"}, False),
        (TOKEN, {"REMOTE_ADDR": "10.0.0.9", "Authorization": f"Bearer {TOKEN}"}, True),
    ],
)
@pytest.mark.parametrize("proxies", [0, 1])
def test_figures_are_for_this_machine_and_for_the_token(
    site: Site, token: str | None, headers: dict[str, str], allowed: bool, proxies: int
) -> None:
    client = operator(site, metrics_token=token, trusted_proxies=proxies)
    place = {"REMOTE_ADDR": headers.get("REMOTE_ADDR", "127.0.0.1")}
    sent = {name: value for name, value in headers.items() if name != "REMOTE_ADDR"}
    health = client.get("/health", headers=sent, environ_overrides=place)
    metrics = client.get("/metrics", headers=sent, environ_overrides=place)
    assert health.status_code == 200
    assert health.json is not None and FIGURES.isdisjoint(health.json) != allowed
    assert metrics.status_code == (200 if allowed else 404)


def test_health_tells_of_what_is_due_parked_and_silent(site: Site) -> None:
    visitor = site.app.test_client()
    with site.factory.begin() as session:
        due = session.execute(select(Timer.id, Timer.due_at)).all()
        session.execute(update(Timer).values(parked=True, due_at=site.clock.now()))
        incident = Incident(kind="fire-timer", message="secret", raised_at=site.clock.now())
        session.add(incident)
    beat(site.factory, "worker crm-9:4711")
    body = visitor.get("/health").json or {}
    assert (body["status"], body["worker"]) == ("degraded", "ok")  # only Redis is away
    assert body["timers"]["parked"] >= 1 and body["timers"]["due"] == 0
    assert body["open_incidents"] == 1 and "secret" not in str(body)
    assert body["workers"] == [
        {"host": "crm-9", "process": "4711", "seconds_ago": 0, "state": "ok"}
    ]
    with site.factory.begin() as session:
        session.execute(update(Timer).values(parked=False))
        session.delete(session.get_one(Incident, incident.id))
    site.clock.advance(timedelta(hours=1))
    body = visitor.get("/health").json or {}
    assert body["worker"] == "late" and body["timers"]["due"] >= 1
    assert body["timers"]["oldest_due_seconds"] == body["worker_lag_seconds"] == 3600
    with site.factory.begin() as session:
        for timer_id, due_at in due:
            session.get_one(Timer, timer_id).due_at = due_at


@pytest.mark.parametrize(
    ("revision", "status", "told"), [("0001", 503, "old"), ("9999", 200, "new"), (None, 503, "old")]
)
def test_health_tells_whether_the_database_fits_this_release(
    site: Site, revision: str | None, status: int, told: str
) -> None:
    with site.factory.begin() as session:
        known = session.scalar(text("SELECT version_num FROM alembic_version"))
        session.execute(text("DELETE FROM alembic_version"))
        if revision:
            session.execute(text("INSERT INTO alembic_version VALUES (:it)"), {"it": revision})
    visitor = site.app.test_client()
    health = visitor.get("/health")
    assert (health.status_code, (health.json or {})["schema"]) == (status, told)
    assert visitor.get("/health/ready").status_code == status
    assert visitor.get("/health/live").status_code == 200
    assert f"broker_crm_schema_current {0.0}" in visitor.get("/metrics").text
    with site.factory.begin() as session:
        session.execute(text("DELETE FROM alembic_version"))
        session.execute(text("INSERT INTO alembic_version VALUES (:it)"), {"it": known})


def test_without_a_database_every_answer_is_one_plain_503(site: Site) -> None:
    visitor = site.visitor(site.owner)
    with without_database(site):
        page = visitor.client.get("/", headers={"Accept-Language": "lt"})
        data = visitor.client.get("/api/tasks", headers={"Authorization": "Bearer x"})
        ready, live = visitor.client.get("/health/ready"), visitor.client.get("/health/live")
        metrics = visitor.client.get("/metrics")
    assert page.status_code == 503 and "Šiuo metu nepasiekiama" in page.text
    assert data.status_code == 503 and data.json == {"code": "unavailable"} | (data.json or {})
    assert (ready.status_code, live.status_code) == (503, 200)
    assert metrics.status_code == 200 and "broker_crm_database_up 0.0" in metrics.text
    visitor.get("/")


def test_a_database_lost_in_the_middle_of_a_step_stops_no_process(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = site.visitor(site.owner)

    def lost(*_: object, **__: object) -> None:
        raise OperationalError("INSERT", {}, Exception("the server closed the connection"))

    path, body = f"/tasks/{site.task_id}/complete", {"variables": LETTER}
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "queue_letter", lost)
        assert owner.post(path, 503, json=body).json["code"] == "unavailable"
    assert (site.app.test_client().get("/health").json or {})["open_incidents"] == 0
    owner.post(path, 200, json=body)


def test_metrics_count_what_was_done_and_label_nothing_personal(site: Site) -> None:
    def value(name: str, **labels: str) -> float:
        return sum(
            sample.value
            for sample in samples(site)
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    counted = (
        ("broker_crm_commands_total", {"command": "complete", "result": "done"}),
        ("broker_crm_commands_total", {"command": "complete", "result": "task-already-completed"}),
        ("broker_crm_sign_ins_total", {"result": "wrong"}),
        ("broker_crm_http_requests_total", {"endpoint": "tasks.complete", "status": "200"}),
        ("broker_crm_command_seconds_count", {"command": "complete"}),
    )
    before = [value(name, **labels) for name, labels in counted]
    visitor = site.visitor(site.owner)
    path = f"/tasks/{site.task_id}/complete"
    visitor.post(path, 200, json={"variables": LETTER})
    visitor.post(path, 409, json={"variables": LETTER})
    site.visitor().sign_in(site.owner, "not the password", expected=401)
    after = [value(name, **labels) for name, labels in counted]
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 1, 1, 2]
    assert value("broker_crm_letters", state="queued") == 1
    endpoints = {rule.endpoint for rule in site.app.url_map.iter_rules()} | {"none"}
    for sample in samples(site):
        assert set(sample.labels) <= LABELS, sample
        assert sample.labels.get("endpoint", "none") in endpoints
    shown = site.app.test_client().get("/metrics").text
    for personal in (site.owner, "klientas.example", str(site.task_id), str(site.instance_id)):
        assert personal not in shown


@pytest.mark.parametrize("given", ["order-66.A_b", "0" * 64])
def test_a_request_keeps_the_number_that_it_came_with(site: Site, given: str) -> None:
    answer = site.app.test_client().get("/login", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "short", "a b c d e f", "x" * 65, "ąčęėįšųū", '"}{"a":1}'])
def test_an_unusable_number_is_replaced(site: Site, given: str) -> None:
    answer = site.app.test_client().get("/login", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] != given
    assert len(answer.headers["X-Request-ID"]) == 32
