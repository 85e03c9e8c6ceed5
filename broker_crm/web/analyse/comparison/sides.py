"""The two sides that an address asks to compare: versions, periods, texts, segments, people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.slices import OF_CASE, Slice
from broker_crm.definitions.models import (
    ProcessVersion,
    ProcessVersionResource,
    Resource,
    ResourceKind,
)
from broker_crm.people.models import User
from broker_crm.web import times
from broker_crm.web.answers import asked, labels, scope
from broker_crm.web.answers.asked import Asked
from broker_crm.web.wording import Words

BY: Words = {
    "version": _l("Versions of the process"),
    "period": _l("Periods"),
    "text": _l("Versions of a letter, script or document"),
    "product": _l("Products"),
    "complexity": _l("Complexity"),
    "price_band": _l("Price"),
    "client_kind": _l("Kinds of clients"),
    "vip": _l("VIP or not"),
    "sector": _l("Sectors"),
    "size": _l("Sizes"),
    "region": _l("Regions"),
    "team": _l("Teams"),
    "person": _l("People"),
}
OF_PEOPLE = ("team", "person")
TEXTS = (ResourceKind.LETTER, ResourceKind.SCRIPT, ResourceKind.DOCUMENT)
DAYS = ("a_from", "a_to", "b_from", "b_to")
USUAL_DAYS = 90
_KEYS = {
    "person": "c.owner",
    "team": "(SELECT team FROM person WHERE login = c.owner)",
    "price_band": "(SELECT min(band) FROM offer_line o WHERE o.case_no = c.case_no)",
    **OF_CASE,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values that may be a side: key, name for people, cases."""

    key: str
    name: str
    n: int


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared with what.

    Attributes:
        by: what tells the sides apart, one of `BY`.
        a: the earlier side; None where there is no such.
        b: the later side.
        names: of both, for people.
        keys: of both, as in the address; of periods none.
        choices: what else may be chosen.
        errors: by parameter, in the visitor's language.
    """

    by: str
    a: Slice | None
    b: Slice | None
    names: tuple[str, str]
    keys: tuple[str, str]
    choices: Sequence[Choice]
    errors: Mapping[str, list[str]]


def offered(user: User) -> list[str]:
    """What the user may tell the sides apart by."""
    own = scope.own_only(user)
    return [each for each in BY if not (own and each in OF_PEOPLE)]


def sides(
    session: Session,
    ledger: Ledger,
    process: str | None,
    by: str,
    told: Asked,
    given: Mapping[str, str],
) -> Sides:
    """Both sides; the latest two versions, or the commonest two values, where none are told.

    Args:
        session: for names.
        ledger: the columns.
        process: key of the process.
        by: one of `BY`.
        told: the part of the work to which both sides belong, and the log that it is of.
        given: of the address: 'a' and 'b', or the days of `DAYS`.
    """
    part = replace(told.part, process=process, step=None, version=None)
    if by == "period":
        return _periods(part, given)
    listed = (
        _texts(session, ledger, process, part)
        if by == "text"
        else _values(session, ledger, by, replace(part, **{by: None}), told.log)
    )
    known = {each.key: each for each in listed}
    usual = [each.key for each in listed][-2:] if by == "version" else _commonest(listed)
    wanted = [given.get("a", ""), given.get("b", "")]
    errors = {
        name: [_("There is no such value.")]
        for name, key in zip(("a", "b"), wanted, strict=True)
        if key and key not in known
    }
    a, b = (key if key in known else "" for key in wanted)
    rest = [key for key in usual if key not in (a, b)]
    if not b:
        b = rest.pop() if rest else ""
    if not a:
        a = rest.pop() if rest else ""
    if a and a == b:
        errors["b"] = [_("Choose two different sides.")]
    slices = [_slice(session, part, by, key, process) if key else None for key in (a, b)]
    names = (known[a].name if a else "", known[b].name if b else "")
    return Sides(by, slices[0], slices[1], names, (a, b), listed, errors)


def _slice(session: Session, part: Slice, by: str, key: str, process: str | None) -> Slice:
    if by == "text":
        return replace(part, versions=tuple(_with_text(session, process, key)))
    if by == "version":
        return replace(part, version=int(key))
    if by == "vip":
        return replace(part, vip=key == "yes")
    return replace(part, **{by: key})  # type: ignore[arg-type]


def _commonest(listed: Sequence[Choice]) -> list[str]:
    chosen = sorted(listed, key=lambda each: -each.n)[:2]
    return [each.key for each in listed if each in chosen]


def _values(
    session: Session, ledger: Ledger, by: str, part: Slice, log: UUID | None
) -> list[Choice]:
    """Values that cases have, with how many."""
    rows = ledger.rows(
        f"SELECT {_KEYS[by]} AS key, count(*) AS n FROM case_file c"  # noqa: S608
        f" WHERE {part.of_cases('c.started_on')} GROUP BY 1 HAVING key IS NOT NULL ORDER BY key",
        part.parameters(),
    )
    found = []
    for row in rows:
        key = ("yes" if row["key"] else "no") if by == "vip" else str(row["key"])
        name = (
            labels.label(session, by, key, part.process)
            if log is None
            else asked.choices(session, by, part.process, log).get(key, key)
        )
        found.append(Choice(key, name, row["n"]))
    return found if by == "version" else sorted(found, key=lambda each: each.name)


def _periods(part: Slice, given: Mapping[str, str]) -> Sides:
    today = times.today()
    usual = {
        "a_from": today - timedelta(days=2 * USUAL_DAYS),
        "a_to": today - timedelta(days=USUAL_DAYS + 1),
        "b_from": today - timedelta(days=USUAL_DAYS),
        "b_to": today,
    }
    errors: dict[str, list[str]] = {}
    days: dict[str, date] = {}
    for name in DAYS:
        try:
            days[name] = date.fromisoformat(given[name]) if name in given else usual[name]
        except ValueError:
            errors[name] = [_("This is not a date; write it like 2026-11-23.")]
            days[name] = usual[name]
    for side in ("a", "b"):
        if days[f"{side}_from"] > days[f"{side}_to"]:
            errors[f"{side}_from"] = [_("The period begins after its end.")]
    slices, names = [], []
    for side in ("a", "b"):
        first, last = days[f"{side}_from"], days[f"{side}_to"]
        slices.append(replace(part, start=first, end=last))
        names.append(f"{times.day(first)} – {times.day(last)}")
    return Sides("period", slices[0], slices[1], (names[0], names[1]), ("", ""), [], errors)


def _texts(session: Session, ledger: Ledger, process: str | None, part: Slice) -> list[Choice]:
    """Wordings of the letters, scripts and documents that were ever changed, with their cases."""
    wordings: dict[tuple[str, str], dict[str, list[int]]] = {}
    for kind, name, content, number in _bundled(session, process):
        wordings.setdefault((kind, name), {}).setdefault(content, []).append(number)
    found = []
    for (kind, name), versions in sorted(wordings.items()):
        if len(versions) < 2:
            continue
        for numbers in versions.values():
            those = replace(part, versions=tuple(numbers))
            n = ledger.row(
                f"SELECT count(*) AS n FROM case_file c WHERE {those.of_cases('c.started_on')}",  # noqa: S608
                those.parameters(),
            )["n"]
            listed = ", ".join(str(each) for each in numbers)
            told = _("%(text)s as in version %(numbers)s", text=name, numbers=listed)
            found.append(Choice(f"{kind}:{name}:{numbers[0]}", told, n))
    return found


def _with_text(session: Session, process: str | None, key: str) -> list[int]:
    """Versions whose text is the one that a version has."""
    kind, name, first = key.split(":")
    bundled = [each for each in _bundled(session, process) if each[:2] == (kind, name)]
    wanted = next(content for _kind, _name, content, number in bundled if number == int(first))
    return [number for _kind, _name, content, number in bundled if content == wanted]


def _bundled(session: Session, process: str | None) -> list[tuple[str, str, str, int]]:
    rows = session.execute(
        select(
            ProcessVersionResource.kind,
            ProcessVersionResource.name,
            Resource.hash,
            ProcessVersion.number,
        )
        .join(ProcessVersion, ProcessVersion.id == ProcessVersionResource.version_id)
        .join(Resource, Resource.hash == ProcessVersionResource.resource_hash)
        .where(ProcessVersion.process_key == process, ProcessVersionResource.kind.in_(TEXTS))
        .order_by(ProcessVersion.number)
    )
    return [(str(kind), name, content, number) for kind, name, content, number in rows]
