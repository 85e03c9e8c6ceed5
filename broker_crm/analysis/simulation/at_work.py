"""The worker's duty of carrying out simulations, each in a process of its own.

Computing takes tens of seconds; a sweep that waited for it would hold up timers and letters, and
threads would share one interpreter with them. The child is polite: it runs at low priority.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from broker_crm.analysis.simulation import stored
from broker_crm.process import duties

DUTY = "simulations"
_child: subprocess.Popen[bytes] | None = None


def start_next(factory: sessionmaker[Session], stopping: Callable[[], bool] = lambda: False) -> int:
    """Let a child carry out the oldest run that waits, unless this worker's child is busy.

    Args:
        factory: makes sessions.
        stopping: when true, nothing is begun.

    Returns:
        How many were begun, 0 or 1.
    """
    global _child
    if stopping() or (_child is not None and _child.poll() is None):
        return 0
    with factory.begin() as session:
        run_id = stored.claim(session)
    if run_id is None:
        return 0
    engine: Engine = factory.kw["bind"]
    url = engine.url.render_as_string(hide_password=False)
    _child = subprocess.Popen(
        [sys.executable, "-m", "broker_crm.simulating", str(run_id)],
        env={**os.environ, "DATABASE_URL": url},
        stdin=subprocess.DEVNULL,
    )
    return 1


def register() -> None:
    """Let workers carry out simulations; safe to repeat."""
    duties.register(DUTY, start_next)


def wait() -> None:
    """Until the child of this process has ended, if there is one."""
    if _child is not None:
        _child.wait()
