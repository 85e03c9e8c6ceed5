"""Tells which workers live: each one's last sweep, kept in the database."""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, delete, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from broker_crm import clock
from broker_crm.db import Base, UtcDateTime, insert

REMEMBERED = timedelta(hours=1)
"""How long a worker that fell silent without a farewell is still told of."""
LONGEST_HOST = 25


class Heartbeat(Base):
    __tablename__ = "heartbeat"

    part: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Kind, host and process, such as 'worker crm-2:4711'."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Seen:
    """When a worker last swept."""

    host: str
    process: str
    seconds_ago: int


def host() -> str:
    """This machine's name, shortened to fit but still its own."""
    name = socket.gethostname()
    if len(name) <= LONGEST_HOST:
        return name
    return f"{name[: LONGEST_HOST - 9]}~{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def own_part() -> str:
    """The name under which this worker process beats."""
    return f"worker {host()}:{os.getpid()}"


def beat(factory: sessionmaker[Session], part: str | None = None) -> None:
    """Note that a worker has just swept; forget those that fell silent long ago.

    Args:
        factory: makes sessions.
        part: another one than this process.
    """
    with factory.begin() as session:
        told = insert(session, Heartbeat).values(part=part or own_part(), at=clock.now())
        again = told.on_conflict_do_update(index_elements=["part"], set_={"at": told.excluded.at})
        session.execute(again)
    forgotten = (
        select(Heartbeat.part)
        .where(Heartbeat.at < clock.now() - REMEMBERED)
        .with_for_update(skip_locked=True)
    )
    with factory.begin() as session:
        session.execute(delete(Heartbeat).where(Heartbeat.part.in_(forgotten)))


def farewell(factory: sessionmaker[Session]) -> None:
    """This worker ends as it was told to; nobody needs to miss it."""
    with factory.begin() as session:
        session.execute(delete(Heartbeat).where(Heartbeat.part == own_part()))


def workers(session: Session) -> list[Seen]:
    """The workers that swept within the last hour, latest first."""
    rows = session.execute(
        select(Heartbeat.part, Heartbeat.at).where(_is_worker()).order_by(Heartbeat.at.desc())
    )
    found = []
    for part, at in rows:
        name, _, process = part.removeprefix("worker").strip().rpartition(":")
        found.append(Seen(name, process, int((clock.now() - at).total_seconds())))
    return found


def seconds_since_beat(session: Session) -> float | None:
    """Seconds since any worker last swept; None when none ever did."""
    last = session.scalar(select(func.max(Heartbeat.at)).where(_is_worker()))
    return (clock.now() - last).total_seconds() if last else None


def _is_worker() -> ColumnElement[bool]:
    return or_(Heartbeat.part == "worker", Heartbeat.part.startswith("worker "))
