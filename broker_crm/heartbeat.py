"""Tells whether a worker lives: the last sweep's time, kept in the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from broker_crm import clock
from broker_crm.db import Base, UtcDateTime


class Heartbeat(Base):
    __tablename__ = "heartbeat"

    part: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def beat(factory: sessionmaker[Session], part: str = "worker") -> None:
    """Note that a part of the product has just worked."""
    with factory.begin() as session:
        session.merge(Heartbeat(part=part, at=clock.now()))


def seconds_since_beat(session: Session, part: str = "worker") -> float | None:
    """Seconds since the part last worked; None when it never did."""
    last = session.scalar(select(func.max(Heartbeat.at)).where(Heartbeat.part == part))
    return (clock.now() - last).total_seconds() if last else None
