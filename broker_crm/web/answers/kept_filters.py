"""Filters kept for later, as they stand in an address, read again for a period that moves along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from urllib.parse import parse_qsl, urlencode

from sqlalchemy.orm import Session

from broker_crm.web.answers import asked, labels
from broker_crm.web.answers.asked import FILTERS, Asked
from broker_crm.web.answers.dimensions import DIMENSION
from broker_crm.web.wording import word


def kept(query: Mapping[str, str]) -> str:
    """The filters of an address without period and breakdown, sorted."""
    return urlencode(sorted((name, query[name]) for name in FILTERS if name in query))


def pairs(query: str) -> dict[str, str]:
    """Kept filters by name."""
    return dict(parse_qsl(query))


def read(session: Session, query: str, first: date, last: date) -> Asked:
    """What kept filters ask about, in a period.

    Args:
        session: knows processes, products, people and steps.
        query: as `kept` gave it; what is no longer there is told in `errors`.
        first: day of the period, in the office's time zone.
        last: day of it.
    """
    days = {"from": first.isoformat(), "to": last.isoformat()}
    told = asked.read(session, {**pairs(query), **days})
    return replace(told, part=replace(told.part, start=first, end=last))


def words(session: Session, query: str) -> list[str]:
    """Each filter in words, such as “Team: South”."""
    found = pairs(query)
    return [
        f"{word(DIMENSION, name)}: {labels.label(session, name, found[name], found.get('process'))}"
        for name in FILTERS
        if name in found
    ]
