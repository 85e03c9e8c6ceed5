"""Which cases an exported log holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, null, select
from sqlalchemy.orm import Session

from broker_crm.calendar import FIRST_YEAR, LAST_YEAR, WorkingCalendar
from broker_crm.crm.models import Client, Product
from broker_crm.definitions.models import ProcessVersion
from broker_crm.process.models import ProcessInstance


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which cases a file holds.

    Attributes:
        process: key of the process; None for all.
        start: first day on which a case may have begun, in the office's time zone.
        end: last one.
    """

    process: str | None = None
    start: date | None = None
    end: date | None = None


def processes(session: Session) -> list[str]:
    """Keys of all processes that were ever published."""
    keys = select(ProcessVersion.process_key).distinct().order_by(ProcessVersion.process_key)
    return list(session.scalars(keys))


def cases_of(chosen: Chosen, calendar: WorkingCalendar, *, named: bool) -> Select[Any]:
    """What is read of each chosen case; the client's name only where names are told."""
    columns: list[Any] = [
        ProcessInstance.id,
        ProcessInstance.process_key,
        ProcessVersion.number,
        Product.key.label("product_key"),
        ProcessInstance.client_id,
        (Client.name if named else null()).label("client_name"),
        ProcessInstance.segment,
        ProcessInstance.vip,
        ProcessInstance.region,
        ProcessInstance.complexity,
        ProcessInstance.owner,
        ProcessInstance.status,
        ProcessInstance.outcome,
        ProcessInstance.reason,
        ProcessInstance.started_at,
        ProcessInstance.ended_at,
    ]
    statement = (
        select(*columns)
        .join(ProcessVersion, ProcessVersion.id == ProcessInstance.first_version_id)
        .outerjoin(Product, Product.id == ProcessInstance.product_id)
        .outerjoin(Client, Client.id == ProcessInstance.client_id)
    )
    if chosen.process is not None:
        statement = statement.where(ProcessInstance.process_key == chosen.process)
    if chosen.start is not None:
        statement = statement.where(ProcessInstance.started_at >= _midnight(calendar, chosen.start))
    if chosen.end is not None:
        after = _midnight(calendar, min(chosen.end, date(LAST_YEAR, 12, 30)) + timedelta(days=1))
        statement = statement.where(ProcessInstance.started_at < after)
    return statement


def _midnight(calendar: WorkingCalendar, day: date) -> datetime:
    within = min(max(day, date(FIRST_YEAR, 1, 1)), date(LAST_YEAR, 12, 31))
    return datetime.combine(within, time(), calendar.zone)
