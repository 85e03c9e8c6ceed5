"""What is counted while the product runs, for Prometheus. Labels are names of ours, never data.

Each process counts what it did itself. The web processes of one host share a directory, so that any
of them can tell of all; each worker tells its own. What stands in the database is read when asked.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from time import perf_counter

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import Engine, event

from broker_crm import schema
from broker_crm.readings import Readings

disable_created_metrics()  # type: ignore[no-untyped-call]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SHARED_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LONG = (0.01, 0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0)

REQUESTS = Counter(
    "broker_crm_http_requests_total",
    "Requests answered",
    ("endpoint", "method", "status"),
)
REQUEST_SECONDS = Histogram(
    "broker_crm_http_request_seconds", "Time to answer a request", ("endpoint",), buckets=FAST
)
COMMANDS = Counter(
    "broker_crm_commands_total",
    "Commands on processes by what came of them: done, or the code of the refusal",
    ("command", "result"),
)
COMMAND_SECONDS = Histogram(
    "broker_crm_command_seconds",
    "Time of a command on a process, with its commit",
    ("command",),
    buckets=FAST,
)
SIGN_INS = Counter("broker_crm_sign_ins_total", "Attempts to sign in", ("result",))
SWEPT = Counter(
    "broker_crm_swept_total", "What sweeps did, such as timers fired or letters sent", ("what",)
)
SWEEP_SECONDS = Histogram("broker_crm_sweep_seconds", "Time of one sweep", buckets=LONG)
SWEEPS_FAILED = Counter(
    "broker_crm_sweeps_failed_total", "Sweeps that were broken off", ("reason",)
)
POOL_IN_USE = Gauge(
    "broker_crm_db_connections_in_use",
    "Connections to the database that do work now",
    multiprocess_mode="livesum",
)
CONNECTED = Counter("broker_crm_db_connections_opened_total", "Connections opened to the database")
LOST = Counter(
    "broker_crm_db_connections_lost_total", "Connections to the database found to be dead"
)


@contextmanager
def command(name: str) -> Iterator[None]:
    """Measure a command on a process and note what came of it."""
    began = perf_counter()
    result = "error"
    try:
        yield
        result = "done"
    except Exception as error:
        if type(error).__module__.startswith("broker_crm."):
            result = str(getattr(error, "code", "refused"))
        raise
    finally:
        COMMAND_SECONDS.labels(name).observe(perf_counter() - began)
        COMMANDS.labels(name, result).inc()


def watch(engine: Engine) -> None:
    """Count an engine's connections."""
    event.listen(engine, "connect", lambda *_: CONNECTED.inc())
    event.listen(engine, "invalidate", lambda *_: LOST.inc())
    event.listen(engine, "checkout", lambda *_: POOL_IN_USE.inc())
    event.listen(engine, "checkin", lambda *_: POOL_IN_USE.dec())


def exposition(readings: Readings | None, standing: str, database_is_up: bool) -> bytes:
    """All metrics as Prometheus reads them.

    Args:
        readings: None when the database can't be read.
        standing: how the schema stands to this release: 'ok', 'old', 'new' or 'unknown'.
        database_is_up: whether it answers.
    """
    if os.environ.get(SHARED_DIRECTORY):
        counted: CollectorRegistry = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    else:
        counted = REGISTRY
    stored = CollectorRegistry()
    stored.register(_Stored(readings, standing, database_is_up))
    return generate_latest(counted) + generate_latest(stored)


class _Stored(Collector):
    """What stands in the database; the same from whichever process it is asked."""

    def __init__(self, readings: Readings | None, standing: str, database_is_up: bool) -> None:
        self._readings = readings
        self._standing = standing
        self._up = database_is_up

    def collect(self) -> Iterable[Metric]:
        yield _labelled(
            "build_info",
            "Release, Python and schema revision of this process; always 1",
            ("release", "python", "revision"),
            {(version("broker_crm"), platform.python_version(), schema.head()): 1},
        )
        yield _one("database_up", "1 when the database answers", int(self._up))
        yield _one("schema_current", "1 when migrations are at head", int(self._standing == "ok"))
        if self._readings is not None:
            yield from _of_database(self._readings)


def _of_database(read: Readings) -> Iterator[Metric]:
    yield _labelled(
        "due",
        "Work that should be done by now",
        ("kind",),
        {
            ("timer",): read.timers.count,
            ("letter",): read.letters.count,
            ("message",): read.messages.count,
        },
    )
    yield _labelled(
        "lag_seconds",
        "How long the oldest due work has been waiting",
        ("kind",),
        {
            ("timer",): read.timers.oldest_seconds,
            ("letter",): read.letters.oldest_seconds,
            ("message",): read.messages.oldest_seconds,
        },
    )
    yield _one("timers_ahead", "Timers not yet due", read.timers_ahead)
    for name, told, of in (
        ("resting", "Work that failed and waits for another attempt", "resting"),
        ("parked", "Work that failed too often and waits for a manager", "parked"),
    ):
        yield _labelled(
            name,
            told,
            ("kind",),
            {
                ("timer",): getattr(read.timers, of),
                ("message",): getattr(read.messages, of),
            },
        )
    yield _labelled(
        "letters",
        "Letters by where they stand",
        ("state",),
        {(state,): count for state, count in read.letters_by_state.items()},
    )
    yield _one("mail_held", "1 while outgoing mail is held", int(read.mail_is_held))
    yield _labelled(
        "incidents_open",
        "Incidents that wait for a manager, by the command that failed",
        ("command",),
        {(kind,): count for kind, count in read.incidents.items()},
    )
    yield _one("instances_active", "Process instances under way", read.active_instances)
    yield _one("tasks_open", "User tasks that wait for people", read.open_tasks)
    yield _one("tasks_overdue", "Open user tasks after their due instant", read.overdue_tasks)
    yield _labelled(
        "worker_seen_seconds",
        "Seconds since a worker last swept",
        ("host", "process"),
        {(worker.host, worker.process): worker.seconds_ago for worker in read.workers},
    )


def _one(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(f"broker_crm_{name}", told, value=value)


def _labelled(
    name: str, told: str, labels: tuple[str, ...], values: dict[tuple[str, ...], float]
) -> Metric:
    family = GaugeMetricFamily(f"broker_crm_{name}", told, labels=labels)
    for each, value in values.items():
        family.add_metric(each, value)
    return family
