"""The worker: sweeps what is due from the database, on the bell and by itself."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from time import perf_counter
from types import FrameType
from typing import Any

from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import logs, metrics, worker_metrics
from broker_crm import settings as environment
from broker_crm.bell import connection, queue
from broker_crm.composition import compose
from broker_crm.db import connect, sessions
from broker_crm.heartbeat import beat, farewell
from broker_crm.outreach.deliver import deliver_due
from broker_crm.process import duties
from broker_crm.process.incidents import close_overtaken
from broker_crm.process.messages import deliver_pending
from broker_crm.process.timers import fire_due_timers
from broker_crm.settings import Settings

SWEEP_SECONDS = 10.0
log = logging.getLogger("broker_crm.worker")
_stopped = threading.Event()
_sweeping = threading.Lock()
"""Held during a sweep, so that the process never ends in the middle of a letter."""


def sweep(
    factory: sessionmaker[Session],
    settings: Settings,
    stopping: Callable[[], bool] = lambda: False,
) -> dict[str, int]:
    """Do everything that is due now: timers, messages, letters, and the areas' own duties.

    Args:
        factory: makes sessions.
        settings: where letters go.
        stopping: asked before each piece; when true, the rest waits for the next sweep.

    Returns:
        Counts by what was done.
    """
    timers = fire_due_timers(factory, stopping=stopping)
    messages = deliver_pending(factory, stopping=stopping)
    done = {
        "fired": timers.fired,
        "delivered": messages.fired,
        "failed": timers.failed + messages.failed,
        "letters": deliver_due(factory, settings, stopping=stopping),
        "overtaken": close_overtaken(factory),
        **duties.carry_out(factory, stopping),
    }
    beat(factory)
    return done


def sweep_job() -> None:
    """What the bell asks for; rq runs it in a worker, and never learns of an error's contents."""
    _sweep_and_tell(_sweep_here)


def main() -> None:
    """Work until SIGTERM or SIGINT: answer the bell, and sweep every ten seconds without it."""
    settings = environment.load()
    logs.set_up(settings.log_format)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        _stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    worker_metrics.serve(settings)
    sweeper = threading.Thread(target=_sweep_until, args=(_stopped,), name="sweeper")
    sweeper.start()
    if settings.redis_url:
        threading.Thread(
            target=_answer_bell, args=(settings.redis_url, _stopped), name="bell", daemon=True
        ).start()
    _stopped.wait()
    sweeper.join()
    _sweeping.acquire()
    with suppress(DBAPIError):
        farewell(_workplace()[0])


@cache
def _workplace() -> tuple[sessionmaker[Session], Settings]:
    settings = environment.load()
    compose()
    _let_the_web_write()
    engine = connect(settings.database_url)
    metrics.watch(engine)
    return sessions(engine), settings


def _let_the_web_write() -> None:
    """Register the duties that reckon, or put answers into words; the web is loaded by workers
    alone."""
    from broker_crm.analysis.experiments import looking
    from broker_crm.web.analyse.experiments import telling
    from broker_crm.web.answers import posting, watch

    looking.register()
    telling.register()
    watch.register()
    posting.register()


def _sweep_here() -> dict[str, int]:
    factory, settings = _workplace()
    with _sweeping:
        return {} if _stopped.is_set() else sweep(factory, settings, _stopped.is_set)


def _sweep_until(stopped: threading.Event) -> None:
    while not stopped.is_set():
        _sweep_and_tell(_sweep_here)
        stopped.wait(SWEEP_SECONDS)


def _sweep_and_tell(work: Callable[[], dict[str, int]]) -> None:
    """Sweep, count what was done, and tell what hindered it; the next sweep tries again."""
    began = perf_counter()
    try:
        done = work()
    except DBAPIError as error:
        metrics.SWEEPS_FAILED.labels("database").inc()
        log.warning("the database can't be reached or used", exc_info=error)
    except Exception:
        metrics.SWEEPS_FAILED.labels("unexpected").inc()
        log.exception("a sweep failed; the next one tries again")
    else:
        metrics.SWEEP_SECONDS.observe(perf_counter() - began)
        for what, number in done.items():
            metrics.SWEPT.labels(what).inc(number)
        if any(done.values()):
            log.info("swept", extra={"facts": done})


class _NoDeadline(BaseDeathPenalty):
    """A sweep is never broken off: rq's own deadline is a signal, which only a main thread gets."""

    def setup_death_penalty(self) -> None:
        pass

    def cancel_death_penalty(self) -> None:
        pass


class BellWorker(SimpleWorker):
    """An rq worker that runs beside the sweeper; the main thread handles signals."""

    death_penalty_class = _NoDeadline
    max_connection_wait_time = SWEEP_SECONDS

    def _install_signal_handlers(self) -> None:
        pass


def _answer_bell(redis_url: str, stopped: threading.Event) -> None:
    while not stopped.is_set():
        try:
            worker: Any = BellWorker(
                [queue(redis_url)],
                connection=connection(redis_url),
                serializer=JSONSerializer,
            )
            worker.work(with_scheduler=False, logging_level="WARNING")
        except (RedisError, OSError) as error:
            log.warning("Redis can't be reached: %s", type(error).__name__)
        stopped.wait(SWEEP_SECONDS)
