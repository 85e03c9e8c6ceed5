"""The company's working calendar: public holidays seeded from a library, own days added."""

from __future__ import annotations

from datetime import date
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from broker_crm import calendar as calendars
from broker_crm.calendar import WorkingCalendar
from broker_crm.db import insert
from broker_crm.process.models import WorkingDayException

FIRST_YEAR = 2020
LAST_YEAR = 2045

_kept: WeakKeyDictionary[Engine, WorkingCalendar] = WeakKeyDictionary()


def company_calendar(session: Session) -> WorkingCalendar:
    """The calendar of this database, kept in memory until `forget_calendar`."""
    engine = session.get_bind().engine
    kept = _kept.get(engine)
    if kept is None:
        rows = session.execute(select(WorkingDayException.day, WorkingDayException.kind)).all()
        if not rows:
            seed_calendar(session)
            kept = calendars.lithuanian_calendar(FIRST_YEAR, LAST_YEAR)
        else:
            kept = WorkingCalendar(
                frozenset(day for day, kind in rows if kind == "closed"),
                frozenset(day for day, kind in rows if kind == "short"),
            )
        _kept[engine] = kept
    return kept


def keep_calendar(session: Session, calendar: WorkingCalendar) -> None:
    """Take this as the calendar of the database, where the caller knows that it is."""
    _kept[session.get_bind().engine] = calendar


def forget_calendar(session: Session) -> None:
    """Read the calendar anew next time, after a change of its days."""
    _kept.pop(session.get_bind().engine, None)


def seed_calendar(session: Session) -> None:
    """Write Lithuania's public holidays and the short days before them; others may do so too."""
    holidays = calendars.public_holidays(FIRST_YEAR, LAST_YEAR)
    closed = frozenset(holidays)
    rows = [_row(day, "closed", name) for day, name in holidays.items()]
    rows.extend(_row(day, "short", "") for day in sorted(calendars.short_days(closed)))
    session.execute(insert(session, WorkingDayException).on_conflict_do_nothing(), rows)


def _row(day: date, kind: str, name: str) -> dict[str, object]:
    return {"day": day, "kind": kind, "name": name, "source": "library"}
