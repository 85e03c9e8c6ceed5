"""Filters of the list of cases: read from the address, offered in the form, told as chips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.case_search import EVER, NOW, Wanted
from broker_crm.crm.models import Product
from broker_crm.definitions import published
from broker_crm.definitions.models import ProcessVersion
from broker_crm.process.models import InstanceStatus
from broker_crm.process.plain_text import plain
from broker_crm.process.search_words import searched
from broker_crm.web import cases, names, outcomes, paging, staff, task_schema, trouble
from broker_crm.web.wording import INSTANCE_STATUS, word

ALL = "all"
DAYS = ("started_since", "started_until", "ended_since", "ended_until")
FILTERS = (
    "q", "client", "person", "process", "version", "at", "passed", "outcome", "reason",
    "product", *DAYS, "late", "incident",
)  # fmt: skip
"""Parameters of the address besides the state."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in force, in words, with the address of the list without it."""

    text: str
    without: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of a request.

    Attributes:
        wanted: what they ask for.
        given: parameters as they stand in the address, without empty ones.
        status: the state chosen; 'active' on a visit without any filter.
    """

    wanted: Wanted
    given: Mapping[str, str]
    status: str


def asked(session: Session) -> Asked:
    """Filters of the request; what can't be read is as if not asked."""
    given = {
        key: text
        for key in FILTERS
        if (text := request.args.get(key, "").strip()[: paging.LONGEST_SEARCH])
        and _says_something(key, text)
    }
    status = request.args.get("status", "")
    if status == trouble.STOPPED:
        given["incident"], status = NOW, ALL
    if status not in {*InstanceStatus, ALL}:
        status = ALL if given else InstanceStatus.ACTIVE
    days = {name: _day(given.get(name, "")) for name in DAYS}
    wanted = Wanted(
        text=given.get("q", ""),
        client=given.get("client", ""),
        person=given.get("person", ""),
        process=given.get("process", ""),
        version=paging.number("version"),
        stands_at=given.get("at", ""),
        passed=given.get("passed", ""),
        status="" if status == ALL else status,
        outcome=given.get("outcome", ""),
        reason=given.get("reason", ""),
        product_id=paging.number("product"),
        late=given.get("late", ""),
        incident=given.get("incident", ""),
        started_since=days["started_since"],
        started_until=days["started_until"],
        ended_since=days["ended_since"],
        ended_until=days["ended_until"],
    )
    if wanted.reason:
        codes = frozenset(_codes(session, wanted.reason))
        wanted = replace(wanted, reason_codes=codes)
    return Asked(wanted, given, status)


def form(session: Session, found: Asked) -> dict[str, Any]:
    """What the form of filters offers, and what is chosen."""
    return {
        "given": found.given,
        "status": found.status,
        "statuses": [
            *((key, word(INSTANCE_STATUS, key)) for key in InstanceStatus),
            (ALL, _("All")),
        ],
        "people": sorted(staff.names(session).items(), key=lambda pair: pair[1]),
        "processes": _processes(session),
        "steps": sorted(_steps(session).items(), key=lambda pair: pair[1]),
        "outcomes": sorted(
            ((key, str(text)) for key, text in outcomes.CASE.items()), key=lambda pair: pair[1]
        ),
        "products": _products(session),
        "lates": [(NOW, _("Late now")), (EVER, _("Was late at some step"))],
        "incidents": [(NOW, _("Stopped by an incident")), (EVER, _("Was stopped at some time"))],
        "more": any(key not in ("q", "process") for key in found.given),
    }


def chips(session: Session, found: Asked) -> list[Chip]:
    """The filters in force, in words."""
    shown = [
        Chip(f"{name}: {_said(session, key, text)}", paging.address(**_left_out(key)))
        for key, name in _names().items()
        if (text := found.given.get(key))
    ]
    if found.status != ALL:
        text = f"{_('State')}: {word(INSTANCE_STATUS, found.status)}"
        shown.insert(0, Chip(text, paging.address(**{"status": ALL, "from": None})))
    return shown


def _left_out(key: str) -> dict[str, object]:
    status = {"status": ALL} if request.args.get("status") in (None, trouble.STOPPED) else {}
    return {key: None, "from": None, **status}


def _names() -> dict[str, str]:
    return {
        "q": _("Words"),
        "client": _("Client"),
        "person": _("Person"),
        "process": _("Process"),
        "version": _("Version"),
        "at": _("Stands at"),
        "passed": _("Passed the step"),
        "outcome": _("Outcome"),
        "reason": _("Reason"),
        "product": _("Product"),
        "started_since": _("Started since"),
        "started_until": _("Started until"),
        "ended_since": _("Ended since"),
        "ended_until": _("Ended until"),
        "late": _("Lateness"),
        "incident": _("Incident"),
    }


def _said(session: Session, key: str, text: str) -> str:
    if key == "person":
        return staff.name(session, text)
    if key == "process":
        return dict(_processes(session)).get(text, text)
    if key in ("at", "passed"):
        return _steps(session).get(text, text)
    if key == "outcome":
        return outcomes.of_case(text)
    if key == "product":
        return dict(_products(session)).get(text, text)
    if key == "late":
        return _("Late now") if text == NOW else _("Was late at some step")
    if key == "incident":
        return _("Stopped by an incident") if text == NOW else _("Was stopped at some time")
    return text


def _processes(session: Session) -> list[tuple[str, str]]:
    return [
        (version.process_key, names.name(session, version.id, version.name))
        for version in published.latest_versions(session)
    ]


def _products(session: Session) -> list[tuple[str, str]]:
    found = session.scalars(select(Product).order_by(Product.name))
    return [(str(each.id), cases.product_name(each)) for each in found]


def _steps(session: Session) -> dict[str, str]:
    """Steps of the latest versions by key, in the visitor's language."""
    found: dict[str, str] = {}
    for version in published.latest_versions(session):
        for element in published.compiled(session, version.id).user_tasks.values():
            name = names.name(session, version.id, element.name or element.id)
            found.setdefault(element.step, name)
    return found


def _codes(session: Session, text: str) -> set[str]:
    """Values of fields for reasons whose words hold every word looked for."""
    words = searched(text)
    found: set[str] = set()
    for version_id in session.scalars(select(ProcessVersion.id)):
        for value, label in task_schema.reasons(session, version_id).items():
            told = plain(f"{label} {value}")
            if value and all(each in told for each in words):
                found.add(value)
    return found


def _says_something(key: str, text: str) -> bool:
    if key in DAYS:
        return _day(text) is not None
    if key in ("version", "product"):
        return paging.number(key) is not None
    if key in ("q", "reason"):
        return bool(searched(text))
    return key not in ("late", "incident") or text in (NOW, EVER)


def _day(text: str) -> date | None:
    """A day that has a midnight in every time zone."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date.min.year < day.year < date.max.year else None
