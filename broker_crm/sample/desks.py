"""Shares the writing of the past out: all cases of a client at one desk, desks among processes."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from broker_crm.db import connect, sessions

DESKS = 16
"""However many processes there are: what is written must not depend on the machine."""
PROCESSES = 8
PATIENCE = 120
"""Seconds that a process waits until the others have written to SQLite."""

Work = Callable[[sessionmaker[Session], int], Any]
_at_desk: Callable[[int], Any]


def desk_of(client_id: int) -> int:
    """The desk at which a client's cases are written."""
    return client_id % DESKS


def at_every_desk(factory: sessionmaker[Session], work: Work) -> Iterator[Any]:
    """Do the work of all desks, in as many processes as the machine has processors.

    Args:
        factory: makes sessions; other processes have engines of their own.
        work: gets a factory and a desk; what it returns has to be picklable.

    Yields:
        What came of each desk, in their order.
    """
    engine: Engine = factory.kw["bind"]
    processes = _processes()
    if processes == 1:
        yield from (work(factory, desk) for desk in range(DESKS))
        return
    url = engine.url.render_as_string(hide_password=False)
    engine.dispose()
    with multiprocessing.get_context("fork").Pool(processes, _sit_down, (url, work)) as pool:
        yield from pool.imap(_write, range(DESKS))


def _processes() -> int:
    """One where a process can't safely be split: beside threads, but for quickjs's idle one."""
    threads = [each.name for each in threading.enumerate()]
    busy = [name for name in threads if not name.startswith("quickjs-worker")]
    if sys.platform != "linux" or len(busy) > 1:
        return 1
    return min(PROCESSES, len(os.sched_getaffinity(0)))


def _sit_down(url: str, work: Work) -> None:
    global _at_desk
    factory = sessions(connect(url, patience=PATIENCE))
    _at_desk = lambda desk: work(factory, desk)  # noqa: E731


def _write(desk: int) -> Any:
    return _at_desk(desk)
