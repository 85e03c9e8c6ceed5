"""Writes CSV with a row for each completed step, with columns as Disco or Celonis call them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from broker_crm.analysis.eventlogs.attributes import OF_CASE, OF_STEP, text, told
from broker_crm.analysis.eventlogs.pseudonyms import Names
from broker_crm.analysis.eventlogs.stories import Step, Story

COLUMNS = {
    "disco": (
        "Case ID",
        "Activity",
        "Schedule Timestamp",
        "Start Timestamp",
        "Complete Timestamp",
        "Resource",
    ),
    "celonis": (
        "CASE_KEY",
        "ACTIVITY",
        "EVENTTIME",
        "SORTING",
        "SCHEDULED",
        "STARTTIME",
        "RESOURCE",
    ),
}
"""What begins a row; attributes of the step and of the case follow."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(lots: Iterable[Sequence[Story]], file: Path, names: Names, columns: str) -> int:
    """Write a table: UTF-8, commas, times with their offset; steps in the order of completion.

    Args:
        lots: cases, some at a time.
        file: to be written.
        names: what cases and people are called.
        columns: 'disco' or 'celonis'.

    Returns:
        The number of rows.
    """
    of_step, of_case = told(OF_STEP, names), told(OF_CASE, names)
    rows = 0
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        attributes = [each.name for each in (*of_step, *of_case)]
        shown = [each.upper() for each in attributes] if columns == "celonis" else attributes
        writer.writerow([*COLUMNS[columns], *shown])
        for lot in lots:
            for story in lot:
                case = [_cell(text(each.of(story, names))) for each in of_case]
                for place, step in enumerate(completed(story), 1):
                    head = _head(story, step, place, names, columns)
                    own = [_cell(text(each.of(step, names))) for each in of_step]
                    writer.writerow([*head, *own, *case])
                    rows += 1
    return rows


def completed(story: Story) -> list[Step]:
    """The completed steps of a case in the order of completion."""
    done = [step for step in story.steps if step.status == "completed" and step.done_at]
    return sorted(done, key=lambda step: (step.done_at or step.created_at, step.created_at))


def _head(story: Story, step: Step, place: int, names: Names, columns: str) -> list[str]:
    case = names.record("case", story.id)
    scheduled, started, done = (
        text(each) for each in (step.created_at, step.started_at, step.done_at)
    )
    person = names.person(step.person) or ""
    if columns == "celonis":
        return [case, step.step, done, str(place), scheduled, started, person]
    return [case, step.step, scheduled, started, done, person]


def _cell(value: str) -> str:
    """A text that a spreadsheet would take for a formula stays a text; numbers stay numbers."""
    if value.startswith(FORMULA) and not value.lstrip("-").replace(".", "", 1).isdigit():
        return f"'{value}"
    return value
