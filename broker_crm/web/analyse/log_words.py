"""Foreign logs in words: fields, ways of writing times, refusals, rows that can't be read."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from broker_crm.analysis.eventlogs.interpreting import Problem
from broker_crm.analysis.eventlogs.keeping import MappingRefused
from broker_crm.analysis.eventlogs.staging import LogRefused
from broker_crm.calendar import FIRST_YEAR, LAST_YEAR
from broker_crm.web.answers import figures
from broker_crm.web.wording import Words, word

FIELD: Words = {
    "case": _l("Case"),
    "activity": _l("Step"),
    "complete": _l("When it was completed, or happened"),
    "start": _l("When it was begun"),
    "scheduled": _l("When it could begin"),
    "due": _l("When it is due"),
    "resource": _l("Person"),
    "team": _l("Team"),
    "transition": _l("What happened to the step (schedule, start, complete …)"),
    "instance": _l("Which of several like steps"),
    "step_outcome": _l("Outcome of the step"),
    "process": _l("Process"),
    "version": _l("Version of the process"),
    "product": _l("Product"),
    "client_kind": _l("Kind of client"),
    "sector": _l("Sector"),
    "size": _l("Size"),
    "region": _l("Region"),
    "complexity": _l("Complexity"),
    "outcome": _l("Outcome of the case"),
    "reason": _l("Reason"),
    "std_days": _l("Standard, working days"),
    "std_minutes": _l("Standard, minutes"),
    "std_cost": _l("Standard cost, €"),
    "minutes": _l("Minutes worked"),
}
TIME: Words = {
    "iso": _l("2026-11-23 14:05, with or without an offset"),
    "seconds": _l("Seconds since 1970"),
    "milliseconds": _l("Milliseconds since 1970"),
}
REFUSED: Words = {
    "empty": _l("The file is empty: export it again."),
    "notXml": _l("This is not well-formed XML: export it again, or mend the line."),
    "doctype": _l("The file declares a DOCTYPE, which is not allowed: remove the declaration."),
    "notXes": _l("The file does not begin with <log>: this is no XES file."),
    "notGzip": _l("The compressed file is broken: compress it again."),
    "tooBig": _l("The file is too big when unpacked: divide it, or ask the operator."),
    "tooManyRows": _l("The file has too many rows: divide it, or ask the operator."),
    "tooManyColumns": _l("The file has too many columns: leave out those that nobody needs."),
    "tooDeep": _l("The file is nested too deeply: export it without nested attributes."),
    "noRows": _l("The file has no events."),
    "notText": _l("This is neither UTF-8 nor Windows-1257 text: save it as UTF-8."),
    "cells": _l("A row has another number of cells than the heading: quote cells with commas."),
    "sameColumn": _l("Two columns have the same heading: rename one of them."),
    "longCell": _l("A cell is too long: a quote is probably not closed."),
}
NOT_READ: Words = {
    "case": _l("there is no case"),
    "activity": _l("there is no step"),
    "order": _l("it ends before it begins"),
}


def field(key: str) -> str:
    """What a column may hold."""
    return word(FIELD, key)


def time(key: str) -> str:
    """A way of writing times, by an example."""
    if key in TIME:
        return word(TIME, key)
    shown = {"%Y": "2026", "%m": "11", "%d": "23", "%H": "14", "%M": "05", "%S": "09"}
    shown |= {"%I": "02", "%p": "PM", "%f": "250"}
    for code, example in shown.items():
        key = key.replace(code, example)
    return key


def hours(value: float | None) -> str:
    """Hours with one decimal."""
    if value is None:
        return figures.NOTHING
    told = _("%(number)s h", number=figures.number(value, 1))
    return told.replace(" ", figures.SPACE)


def refused(error: LogRefused) -> str:
    """Why a file can't be taken, and where."""
    told = word(REFUSED, error.code)
    return told if not error.line else _("Line %(line)s. %(told)s", line=error.line, told=told)


def not_mapped(error: MappingRefused) -> str:
    """Why the columns can't be read like that."""
    if error.code == "missing":
        names = ", ".join(field(each) for each in error.fields)
        return _("No column is chosen for: %(names)s.", names=names)
    if error.code == "outsideCalendar":
        return _(
            "The log has times outside %(first)s–%(last)s, the years of the company's calendar:"
            " count its time round the clock.",
            first=FIRST_YEAR,
            last=LAST_YEAR,
        )
    if error.code == "noSteps" or error.found is None:
        return _("No row can be read with these columns: choose others.")
    return ngettext(
        "%(num)s row can't be read.", "%(num)s rows can't be read.", error.found.problem_count
    )


def problems(error: MappingRefused | None) -> list[tuple[int, str]]:
    """Line and what is wrong there."""
    if error is None or error.found is None:
        return []
    return [(each.line, _problem(each)) for each in error.found.problems]


def _problem(problem: Problem) -> str:
    if problem.field in NOT_READ:
        return word(NOT_READ, problem.field)
    if not problem.value:
        return _("there is no time")
    return _("“%(value)s” is no time written like that", value=problem.value)
