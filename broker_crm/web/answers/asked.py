"""Reads what is asked about from an address: period, process, client, product, people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.analysis.slices import Slice
from broker_crm.web import staff, times
from broker_crm.web.answers import labels, of_logs, steps
from broker_crm.web.answers.dimensions import CODES, PERIODS

FILTERS = (
    "process",
    "version",
    "step",
    "product",
    "complexity",
    "price_band",
    "client_kind",
    "vip",
    "sector",
    "size",
    "region",
    "team",
    "person",
)
"""In the order in which the page offers them."""
OF_PEOPLE = ("person", "team")
AGAINST = "against"
"""A team with which the work is compared, where a question compares; like the breakdown, it stays
behind when another question is asked."""
USUAL = "12-months"
WHOLE = "all"
OLDEST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks about.

    Attributes:
        part: of the work; what can't be read is left out.
        by: what the rows are told apart by; None for the usual.
        period: key of the quick choice; '' where days are given.
        query: the parameters of the address that say the same.
        errors: by parameter, in the visitor's language.
        log: the foreign log that is looked into; None for one's own work.
    """

    part: Slice
    by: str | None
    period: str
    query: Mapping[str, str]
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    log: UUID | None = None

    @property
    def usual(self) -> str:
        """The period where none is told: of a foreign log, all of it."""
        return USUAL if self.log is None else WHOLE


def read(
    session: Session,
    given: Mapping[str, str],
    breakdowns: Iterable[str] = (),
    *,
    others: Iterable[str] = (),
    logs: bool = False,
    compares: bool = False,
    people: bool = True,
) -> Asked:
    """Read the parameters.

    Args:
        session: knows processes, products, people and steps.
        given: of the address.
        breakdowns: what `by` may be.
        others: parameters that mean something else on this page.
        logs: whether the page also looks into foreign logs, chosen by `log`.
        compares: whether another team may be named to compare with.
        people: whether the asker may look at single people and teams.
    """
    errors: dict[str, list[str]] = {}
    told = {name: text.strip() for name, text in given.items() if text.strip()}
    filters = [name for name in FILTERS if people or name not in OF_PEOPLE]
    known = {*filters, "from", "to", "period", "by", *others, *_also(compares)}
    for name in told.keys() - (known | {"log"} if logs else known):
        errors[name] = [_("There is no such filter.")]
    log = _log(session, told["log"], errors) if logs and "log" in told else None
    query: dict[str, str] = {} if log is None else {"log": log.hex}
    usual = USUAL if log is None else WHOLE
    period, start, end = _period(told, errors, usual)
    if period and period != usual:
        query["period"] = period
    elif not period:
        query |= {key: told[key] for key in ("from", "to") if key in told and key not in errors}
    found: dict[str, object] = {}
    process = told.get("process")
    for name in (*filters, *_also(compares)):
        text = told.get(name)
        if text is None:
            continue
        if wrong := _wrong(session, name, text, process, log):
            errors[name] = [wrong]
            continue
        found[name] = int(text) if name == "version" else text == "yes" if name == "vip" else text
        query[name] = text
    by = told.get("by")
    if by is not None and by not in breakdowns:
        errors["by"] = [_("This question can't be told apart by that.")]
        by = None
    if by is not None:
        query["by"] = by
    part = Slice(start=start, end=end, **found)  # type: ignore[arg-type]
    return Asked(part, by, period, query, errors, log)


def _also(compares: bool) -> tuple[str, ...]:
    return (AGAINST,) if compares else ()


def days_of(period: str, today: date) -> tuple[date | None, date | None]:
    """First and last day of a quick choice; None for no limit."""
    if period == "all":
        return None, None
    if period == "month":
        return today.replace(day=1), today
    if period == "quarter":
        return today.replace(month=3 * ((today.month - 1) // 3) + 1, day=1), today
    if period == "year":
        return today.replace(month=1, day=1), today
    before = date(today.year - 1, today.month, 1) if today.month == 2 and today.day == 29 else None
    return (before or today.replace(year=today.year - 1)) + timedelta(days=1), today


def choices(
    session: Session, name: str, process: str | None = None, log: UUID | None = None
) -> Mapping[str, str]:
    """Values of a filter and their names; people are those who ever worked here.

    Args:
        session: knows processes, products, people and steps.
        name: of the filter.
        process: whose versions and steps are offered; None for all.
        log: a foreign log, whose values have no other names.
    """
    if log is not None:
        return of_logs.choices(session, log, name)
    if name in CODES:
        return {key: str(told) for key, told in CODES[name].items()}
    if name == "process":
        return labels.processes(session)
    if name == "step":
        return steps.known(session, process)
    if name == "product":
        return labels.products(session)
    if name in ("team", AGAINST):
        return labels.teams(session)
    if name == "region":
        return labels.regions(session)
    if name == "person":
        return dict(sorted(staff.names(session).items(), key=lambda each: each[1]))
    if name == "version":
        numbers = {
            each.number for each in steps.versions(session) if process in (None, each.process_key)
        }
        return {str(each): labels.label(session, "version", each) for each in sorted(numbers)}
    return {}


def _period(
    told: Mapping[str, str], errors: dict[str, list[str]], usual: str
) -> tuple[str, date | None, date | None]:
    start, end = _day(told, "from", errors), _day(told, "to", errors)
    if start is not None and end is not None and start > end:
        errors["from"] = [_("The period begins after its end.")]
        start = None
    period = told.get("period", "")
    if period and period not in PERIODS:
        errors["period"] = [_("There is no such period.")]
        period = ""
    if "from" in told or "to" in told:
        return "", start, end
    period = period or usual
    return period, *days_of(period, times.today())


def _day(told: Mapping[str, str], name: str, errors: dict[str, list[str]]) -> date | None:
    if name not in told:
        return None
    try:
        day = date.fromisoformat(told[name])
    except ValueError:
        errors[name] = [_("This is not a date; write it like 2026-11-23.")]
        return None
    if day < OLDEST or day.year > times.today().year + 10:
        errors[name] = [_("This date is too far away.")]
        return None
    return day


def _log(session: Session, text: str, errors: dict[str, list[str]]) -> UUID | None:
    found = of_logs.known(session, text)
    if found is None:
        errors["log"] = [_("There is no such log, or nobody has said what its columns hold.")]
    return found


def _wrong(
    session: Session, name: str, text: str, process: str | None, log: UUID | None
) -> str | None:
    if name == "version" and not (text.isascii() and text.isdigit() and 0 < len(text) < 7):
        return _("The version must be a whole number.")
    if log is not None:
        told = text in of_logs.choices(session, log, name)
        return None if told else _("There is no such value.")
    if name == "step" and text not in steps.known(session):
        return None if steps.name(session, text) != text else _("There is no such step.")
    if name == "step":
        return None
    if text in choices(session, name, process if name == "version" else None):
        return None
    return {
        "process": _("There is no such process."),
        "version": _("The process has no such version."),
        "product": _("There is no such product."),
        "team": _("There is no such team."),
        AGAINST: _("There is no such team."),
        "person": _("There is no such person."),
    }.get(name, _("There is no such value."))
