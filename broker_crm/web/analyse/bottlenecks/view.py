"""What the page of bottlenecks shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from broker_crm.analysis.answers import Row
from broker_crm.analysis.bottlenecks.finding import Bottlenecks, bottlenecks
from broker_crm.analysis.bottlenecks.load import STRAINED, Load, load
from broker_crm.analysis.bottlenecks.waits import CAUSES
from broker_crm.analysis.estimates import SMALL
from broker_crm.people.models import User
from broker_crm.web import staff, times
from broker_crm.web.analyse.bottlenecks import heat, looking, shapes, words
from broker_crm.web.analyse.ground import ground
from broker_crm.web.answers import figures
from broker_crm.web.answers.asked import Asked
from broker_crm.web.wording import word

ENDPOINT = "bottlenecks.show"
MEASURES = tuple(heat.COLUMN)
BREAKDOWNS = ("step", "lane", "person")
EXPORTS = ("steps", "between", "lanes", "people", "queues", "used")
QUEUES = 6
PEOPLE = 12


def show(session: Session, user: User, told: Asked, measure: str, by: str) -> dict[str, Any]:
    """The page.

    Args:
        session: reads only.
        user: who looks.
        told: what the address asks about.
        measure: by which the diagram is coloured, one of `MEASURES`.
        by: whose queues are shown, one of `BREAKDOWNS`.
    """
    page = looking.head(session, user, told, ENDPOINT, told.part)
    if told.errors:
        return {**page, "answer": None}
    with ground(session, told) as ledger:
        found = bottlenecks(ledger, told.part)
        flowing = load(ledger, found.part, by) if found.part else None
    return {
        **page,
        "answer": {
            "sentences": words.bottleneck(session, found),
            "n": figures.number(found.cases),
            "few": found.cases < SMALL,
            "definition": str(words.COUNTED_WAITS),
            "source": words.SOURCE_WAITS,
        },
        "process": str(found.part.process) if found.part else "",
        "heat": _heat(session, told, found, measure),
        "table": _steps(session, found),
        "between": _between(session, found),
        "causes": [(cause, word(words.CAUSE, cause)) for cause in CAUSES if _any(found, cause)],
        "people": _by(found.people, lambda key: staff.name(session, key) if key else "–")
        if page["people"]
        else None,
        "lanes": _by(found.lanes, lambda key: words.lane(session, key, _process(found))),
        "load": _load(session, told, found, flowing, by, people=page["people"]),
        "cases": looking.cases(session, user, told, found.places, _count(found)),
        "shortened": figures.number(found.shortened) if found.shortened else "",
        "export": {
            (what, kind): looking.made(
                "bottlenecks.export", {**told.query, "what": what, "kind": kind, "queues": by}
            )
            for what in EXPORTS
            for kind in ("xlsx", "csv")
        },
        "paths": looking.made("bottlenecks.paths", told.query),
    }


def queue_name(session: Session, process: str, by: str) -> Callable[[str | None], str]:
    """Names of queues that are told apart by step, lane or person."""
    if by == "person":
        return lambda key: staff.name(session, key) if key else word(words.CAUSE, "nobody")
    if by == "lane":
        return lambda key: words.lane(session, key, process)
    return lambda key: words.step(session, str(key), process)


def _process(found: Bottlenecks) -> str:
    return str(found.part.process) if found.part else ""


def _count(found: Bottlenecks) -> int:
    return int(found.rows[0]["n"]) if found.rows else 0


def _any(found: Bottlenecks, cause: str) -> bool:
    return any(row[cause] > 0 for row in found.rows)


def _heat(session: Session, told: Asked, found: Bottlenecks, measure: str) -> dict[str, Any] | None:
    version = looking.version_of(session, told, found.part)
    if version is None or not found.rows:
        return None
    return {
        "version": version.number,
        "source": looking.diagram(version),
        "told": heat.told(session, version, found.rows, measure),
        "legend": heat.legend(found.rows, measure),
        "measures": [
            (
                word(words.MEASURE, each),
                looking.made(ENDPOINT, told.query, measure=each),
                each == measure,
            )
            for each in MEASURES
        ],
    }


def _steps(session: Session, found: Bottlenecks) -> list[dict[str, Any]]:
    longest = max((row["per_case"] for row in found.rows), default=0.0)
    shown = []
    for row in found.rows:
        share = row["per_case"] / row["wait"] if row["wait"] else 0.0
        in_case = {cause: row[cause] * share for cause in CAUSES}
        shown.append(
            {
                "name": words.step(session, row["key"], _process(found)),
                "lane": words.lane(session, row["lane"], _process(found)) if row["lane"] else "",
                "whom": word(words.WHOM, row["whom"]) if row["whom"] != "colleague" else "",
                "bottleneck": row["bottleneck"],
                "few": row["n"] < SMALL,
                "cause": word(words.CAUSE, row["cause"]) if row["cause"] else "–",
                "bar": shapes.causes(in_case, longest),
                "cells": [
                    ("n", figures.number(row["n"])),
                    ("wait", figures.figure(row["wait"], "days")),
                    ("per_case", figures.figure(row["per_case"], "days")),
                    ("share", figures.figure(row["share"], "share")),
                    ("variance_share", figures.figure(row["variance_share"], "share")),
                    ("late_share", figures.figure(row["late_share"], "share")),
                    ("money", figures.figure(row["money"], "eur")),
                    ("leading", figures.figure(row["leading"], "share")),
                    ("rank", _rank(row)),
                    ("open", _open(row)),
                ],
            }
        )
    for each in shown:
        each["cells"] = [(word(words.COLUMN, name), text) for name, text in each["cells"]]
    return shown


def _rank(row: Row) -> str:
    low, high = row["rank_low"], row["rank_high"]
    return str(low) if low == high else f"{low}–{high}"


def _open(row: Row) -> str:
    if not row["open"]:
        return "0"
    return f"{figures.number(row['open'])} ({figures.figure(row['open_age'], 'days')})"


def _between(session: Session, found: Bottlenecks) -> list[dict[str, str]]:
    return [
        {
            "name": words.element(session, row["key"], _process(found)),
            "kind": word(words.KIND, row["kind"]) if row["key"] else "",
            "n": figures.number(row["n"]),
            "per_case": figures.figure(row["per_case"], "days"),
            "share": figures.figure(row["share"], "share"),
        }
        for row in found.between
    ]


def _by(rows: Sequence[Row], name: Callable[[str], str]) -> list[dict[str, Any]]:
    longest = max((row["wait"] for row in rows), default=0.0)
    return [
        {
            "name": name(row["key"]),
            "n": figures.number(row["n"]),
            "few": row["n"] < SMALL,
            "wait": figures.figure(row["wait"], "days"),
            "work": figures.figure(row["work"], "days"),
            "cause": word(words.CAUSE, row["cause"]) if row["cause"] else "–",
            "bar": shapes.causes(row, longest),
        }
        for row in rows
    ]


def _load(
    session: Session,
    told: Asked,
    found: Bottlenecks,
    flowing: Load | None,
    by: str,
    *,
    people: bool,
) -> dict[str, Any] | None:
    if flowing is None or not flowing.firsts:
        return None
    if by == "person" and not people:
        by = "step"
    name = queue_name(session, _process(found), by)
    return {
        "first": times.day(flowing.firsts[0]),
        "last": times.day(flowing.firsts[-1]),
        "by_day": flowing.length == 1,
        "little": _little(flowing),
        "by": [
            (
                word(words.COLUMN, "key" if each == "step" else each),
                looking.made(ENDPOINT, told.query, queues=each),
                each == by,
            )
            for each in BREAKDOWNS
            if each != "person" or people
        ],
        "queues": [
            {
                "name": name(queue.key),
                "now": figures.number(queue.lengths[-1]),
                "longest": figures.number(max(queue.lengths)),
                "arrived": figures.number(queue.arrived),
                "done": figures.number(queue.done),
                "series": shapes.series([float(each) for each in queue.lengths]),
            }
            for queue in flowing.queues[:QUEUES]
        ],
        "lanes": [
            _used(row, words.lane(session, row["key"], _process(found))) for row in flowing.lanes
        ],
        "people": [_used(row, staff.name(session, row["key"])) for row in flowing.people[:PEOPLE]]
        if people
        else [],
    }


def _little(flowing: Load) -> dict[str, Any] | None:
    if flowing.little is None:
        return None
    return {
        "queue": figures.figure(flowing.little.mean_queue, "number"),
        "a_day": figures.figure(flowing.little.a_day, "number"),
        "days": figures.figure(flowing.little.days, "days"),
        "holds": flowing.little.holds,
    }


def _used(row: Row, name: str) -> dict[str, Any]:
    known = [each for each in row["shares"] if each is not None]
    return {
        "name": name,
        "n": row["n"],
        "share": figures.figure(row["utilisation"], "share"),
        "most": figures.figure(max(known), "share") if known else "–",
        "strained": row["strained"],
        "hours": figures.figure(row["hours"], "hours"),
        "series": shapes.series(row["shares"], top=STRAINED),
    }
