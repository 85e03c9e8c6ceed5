"""Tables of bottlenecks and paths for spreadsheets: headings with units, and cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from broker_crm.analysis.answers import Row
from broker_crm.analysis.bottlenecks.conformance import Conformance
from broker_crm.analysis.bottlenecks.finding import NUMBERS, Bottlenecks
from broker_crm.analysis.bottlenecks.load import Load
from broker_crm.analysis.bottlenecks.paths import Paths
from broker_crm.analysis.bottlenecks.waits import CAUSES
from broker_crm.web import staff
from broker_crm.web.analyse.bottlenecks import words
from broker_crm.web.analyse.bottlenecks.words import CAUSE, COLUMN
from broker_crm.web.answers import figures
from broker_crm.web.answers.dimensions import UNIT
from broker_crm.web.tables import Cell
from broker_crm.web.wording import word

Table = tuple[list[str], list[list[Cell]]]


def steps(session: Session, found: Bottlenecks) -> Table:
    process = str(found.part.process) if found.part else ""
    columns: list[tuple[str, str]] = [
        ("n", "count"),
        *NUMBERS.items(),
        ("leading", "share"),
        *((cause, "days") for cause in CAUSES),
        ("open", "count"),
    ]
    headings = [word(COLUMN, "key"), word(COLUMN, "lane"), word(COLUMN, "whom")]
    return (
        [*headings, *(_heading(name, unit) for name, unit in columns)],
        [
            [
                words.step(session, row["key"], process),
                words.lane(session, row["lane"], process),
                word(words.WHOM, row["whom"]),
                *(figures.exported(row[name], unit) for name, unit in columns),
            ]
            for row in found.rows
        ],
    )


def between(session: Session, found: Bottlenecks) -> Table:
    process = str(found.part.process) if found.part else ""
    columns = [("n", "count"), ("per_case", "days"), ("share", "share")]
    return (
        [word(COLUMN, "key"), word(COLUMN, "whom"), *(_heading(*each) for each in columns)],
        [
            [
                words.element(session, row["key"], process),
                word(words.KIND, row["kind"]),
                *(figures.exported(row[name], unit) for name, unit in columns),
            ]
            for row in found.between
        ],
    )


def people(session: Session, found: Bottlenecks) -> Table:
    return _of("person", found.people, lambda key: staff.name(session, key) if key else "–")


def lanes(session: Session, found: Bottlenecks) -> Table:
    process = str(found.part.process) if found.part else ""
    return _of("lane", found.lanes, lambda key: words.lane(session, key, process))


def _of(kind: str, rows: Sequence[Row], name: Callable[[str], str]) -> Table:
    columns = [("n", "count"), ("wait", "days"), ("to_start", "days"), ("work", "days")]
    columns += [(cause, "days") for cause in CAUSES]
    return (
        [word(COLUMN, kind), *(_heading(*each) for each in columns)],
        [
            [name(row["key"]), *(figures.exported(row[each], unit) for each, unit in columns)]
            for row in rows
        ],
    )


def queues(name: Callable[[str | None], str], heading: str, found: Load) -> Table:
    return (
        [heading, *(each.isoformat() for each in found.firsts)],
        [[name(queue.key), *queue.lengths] for queue in found.queues],
    )


def used(session: Session, found: Load) -> Table:
    return (
        [word(COLUMN, "person"), _heading("utilisation", "share"), *_days(found)],
        [
            [
                staff.name(session, row["key"]),
                figures.exported(row["utilisation"], "share"),
                *(figures.exported(each, "share") for each in row["shares"]),
            ]
            for row in found.people
        ],
    )


def variants(session: Session, found: Paths) -> Table:
    process = str(found.part.process) if found.part else ""
    columns = [("n", "count"), ("share", "share"), ("median", "days"), ("ninth", "days")]
    columns += [("won", "count")]
    return (
        [word(COLUMN, "steps"), *(_heading(*each) for each in columns)],
        [
            [
                " → ".join(words.step(session, each, process) for each in row["steps"]),
                *(figures.exported(row[name], unit) for name, unit in columns),
            ]
            for row in found.variants
        ],
    )


def moves(session: Session, found: Paths) -> Table:
    process = str(found.part.process) if found.part else ""
    columns = [("n", "count"), ("cases", "count"), ("median", "days")]
    return (
        [word(COLUMN, "source"), word(COLUMN, "target"), *(_heading(*each) for each in columns)],
        [
            [
                words.step(session, row["source"], process),
                words.step(session, row["target"], process),
                *(figures.exported(row[name], unit) for name, unit in columns),
            ]
            for row in found.moves
        ],
    )


def leaving(session: Session, found: Conformance, seen: Sequence[Row]) -> Table:
    """Cases that left the diagram, of which the reader may know."""
    process = str(found.part.process) if found.part else ""
    headings = [word(words.CASE, name) for name in ("client", "how", "element", "after")]
    return (
        [*headings, word(words.CASE, "version"), word(words.CASE, "address")],
        [
            [
                row["client"],
                word(words.HOW, row["how"]),
                words.element(session, row["element"], process) if row["element"] else "",
                words.element(session, row["after"], process) if row["after"] else "",
                row["version"],
                url_for("instances.show", instance_id=row["case"], _external=True),
            ]
            for row in seen
        ],
    )


def _days(found: Load) -> list[str]:
    return [each.isoformat() for each in found.firsts]


def _heading(name: str, unit: Any) -> str:
    told = word(CAUSE, name) if name in CAUSE else word(COLUMN, name)
    behind = word(UNIT, unit) if unit in UNIT else ""
    return f"{told}, {behind}" if behind else told
