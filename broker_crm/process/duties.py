"""Work that areas do by themselves at each sweep of a worker, such as starting renewals."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

Duty = Callable[[sessionmaker[Session], Callable[[], bool]], int]
"""Does a bounded part of what is due, asks between pieces whether to stop, and tells how much."""

log = logging.getLogger("broker_crm.duties")
_duties: dict[str, Duty] = {}


def register(name: str, duty: Duty) -> None:
    """Let a duty be carried out at each sweep; the same name replaces an earlier one.

    Args:
        name: for logs and metrics.
        duty: commits its own short transactions; several workers may carry it out at once.
    """
    _duties[name] = duty


def carry_out(
    factory: sessionmaker[Session], stopping: Callable[[], bool] = lambda: False
) -> dict[str, int]:
    """Carry out every duty; one that fails does not hold up the others.

    Returns:
        How much each did.

    Raises:
        DBAPIError: the database can't be reached or used.
    """
    done = {}
    for name, duty in _duties.items():
        if stopping():
            break
        try:
            done[name] = duty(factory, stopping)
        except DBAPIError:
            raise
        except Exception:
            log.exception("the duty “%s” failed; the next sweep tries again", name)
            done[name] = 0
    return done
