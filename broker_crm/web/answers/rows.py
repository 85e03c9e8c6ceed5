"""The table of an answer's rows: names, figures, where each leads, and what is exported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from broker_crm.analysis.answers import Row
from broker_crm.analysis.estimates import SMALL
from broker_crm.people.models import User
from broker_crm.web.answers import addresses, figures, labels, pictures, scope
from broker_crm.web.answers.asked import FILTERS
from broker_crm.web.answers.dimensions import DIMENSION, UNIT, WITH_INTERVAL, heading
from broker_crm.web.answers.reply import Reply
from broker_crm.web.tables import Cell
from broker_crm.web.wording import word

SHOWN = 20
"""Rows before all are asked for."""
DOCUMENTS = {"offer": "offer-preparation", "contract": "contract-preparation"}
"""Step by which a document is narrowed to."""
TOLD_ELSEWHERE = {("Q10", "won")}
"""Columns that only repeat the number of cases."""
OF_PROCESS = ("Q13", "Q14")
"""Their rows are steps of a process each."""


def view(
    session: Session, user: User, found: Reply, query: Mapping[str, str], *, whole: bool
) -> dict[str, Any] | None:
    """The table of the page, its first rows or the whole; None without rows."""
    answer = found.answer
    if not answer.rows:
        return None
    own = scope.own_only(user, answer.id)
    shown = list(answer.rows if whole else answer.rows[:SHOWN])
    main = WITH_INTERVAL.get(answer.id)
    bars = pictures.intervals(shown, main) if main else [None for _row in shown]
    columns = [
        name
        for name in answer.columns
        if (answer.id, name) not in TOLD_ELSEWHERE and not (answer.id == "Q4" and _is_load(name))
    ]
    return {
        "by": word(DIMENSION, answer.by),
        "count": heading(answer.id, "n"),
        "main": heading(answer.id, main) if main else "",
        "columns": [heading(answer.id, name) for name in columns],
        "rows": [
            {
                "name": name_of(session, found, row),
                "process": labels.label(session, "process", row["process"])
                if answer.id in OF_PROCESS
                else "",
                "link": _link(found, row, query, own),
                "person": _person(answer.by, row, query) if not own else None,
                "n": figures.number(row["n"]),
                "few": row["n"] < SMALL and answer.id != "Q4",
                "cells": [
                    (heading(answer.id, name), figures.figure(row.get(name), answer.columns[name]))
                    for name in columns
                ],
                "bar": bar,
                "interval": figures.interval(row.get("interval"), answer.columns[main])
                if main
                else "",
            }
            for row, bar in zip(shown, bars, strict=True)
        ],
        "more": len(answer.rows) > len(shown),
        "total": figures.number(len(answer.rows)),
    }


def name_of(session: Session, found: Reply, row: Row) -> str:
    """The row's key in words."""
    process = row.get("process") or found.part.process
    return labels.label(session, found.answer.by, row["key"], process)


def load(session: Session, found: Reply) -> dict[str, Any] | None:
    """The picture of load by person and week."""
    answer = found.answer
    weeks = [name for name in answer.columns if _is_load(name)]
    if answer.id != "Q4" or not answer.rows:
        return None
    return {
        "weeks": [heading("Q4", name) for name in weeks],
        "rows": [
            {
                "name": labels.label(session, "person", row["key"]),
                "weeks": [
                    {
                        "week": heading("Q4", name),
                        "figure": figures.figure(row[name], "load"),
                        "bar": pictures.load(row[name]),
                        "above": row[name] is not None and row[name] > 1,
                    }
                    for name in weeks
                ],
            }
            for row in answer.rows
        ],
    }


def exported(session: Session, found: Reply) -> tuple[list[str], list[list[Cell]]]:
    """All rows for a spreadsheet: headings with units, and cells."""
    answer = found.answer
    main = WITH_INTERVAL.get(answer.id)
    columns = list(answer.columns.items())
    headings = [word(DIMENSION, answer.by)]
    if answer.id in OF_PROCESS:
        headings.append(word(DIMENSION, "process"))
    headings.append(heading(answer.id, "n"))
    headings += [with_unit(heading(answer.id, name), unit) for name, unit in columns]
    if main:
        told = heading(answer.id, main)
        headings += [f"{told}: 95 % ≥", f"{told}: 95 % ≤"]
    lines: list[list[Cell]] = []
    for row in answer.rows:
        line: list[Cell] = [name_of(session, found, row)]
        if answer.id in OF_PROCESS:
            line.append(labels.label(session, "process", row["process"]))
        line.append(row["n"])
        line += [figures.exported(row.get(name), unit) for name, unit in columns]
        if main:
            limits = row.get("interval") or (None, None)
            line += [figures.exported(each, answer.columns[main]) for each in limits]
        lines.append(line)
    return headings, lines


def with_unit(text: str, unit: str) -> str:
    """A heading with the unit of its column."""
    told = word(UNIT, unit) if unit in UNIT else ""
    return f"{text}, {told}" if told and told not in text else text


def _is_load(name: str) -> bool:
    return name.startswith("load")


def _narrowed(found: Reply, row: Row) -> dict[str, str]:
    """The filters that the row is; empty where it can't be narrowed to."""
    by, key = found.answer.by, row["key"]
    if key is None or key == "":
        return {}
    if by == "segment":
        return {name: _text(value) for name, value in row["traits"].items()}
    if by == "document":
        return {"step": DOCUMENTS[key]} if key in DOCUMENTS else {}
    if found.answer.id in OF_PROCESS:
        return {"step": str(key), "process": row["process"]}
    return {by: _text(key)} if by in FILTERS else {}


def _link(found: Reply, row: Row, query: Mapping[str, str], own: bool) -> str | None:
    narrower = _narrowed(found, row)
    if not narrower or (own and "person" in narrower):
        return None
    if all(query.get(name) == value for name, value in narrower.items()):
        return None
    kept = {name: value for name, value in query.items() if name != "by"}
    narrowed = {**kept, **narrower}
    others = (each for each in found.question.breakdowns if each not in narrowed)
    following = next((each for each in others if each != "version"), None)
    if following is not None and following != found.question.breakdowns[0]:
        narrowed["by"] = following
    return addresses.of_question(found.answer.id, narrowed)


def _person(by: str, row: Row, query: Mapping[str, str]) -> str | None:
    if by != "person" or not row["key"]:
        return None
    kept = {name: value for name, value in query.items() if name != "team"}
    return addresses.of_list(kept, person=row["key"])


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
