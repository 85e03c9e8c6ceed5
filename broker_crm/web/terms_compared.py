"""The case's terms side by side on the task page: what differs is marked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.crm import terms
from broker_crm.process.models import TaskStatus, UserTask
from broker_crm.process.variables import instance_variables
from broker_crm.web import money, task_schema, times
from broker_crm.web.wording import TERM, word

PROMISED = frozenset({"offer", "contract"})
"""Helps of a step that mean: terms are at stake here."""
FEWEST = 2
UNITS = {"commission": " %", "instalments": "", "covers": ""}
"""Behind the number; EUR for the others."""


def beside(session: Session, task: UserTask) -> dict[str, Any] | None:
    """Columns of terms and a row for each; None where there is nothing to compare."""
    if task.status != TaskStatus.OPEN or not PROMISED & set(task.help):
        return None
    variables = {**instance_variables(session, task.instance_id), **task.local_variables}
    columns = terms.side_by_side(session, task, variables | (task.draft or {}))
    told = [each for each in columns if each.values or each.fields]
    if len(told) < FEWEST:
        return None
    labels = task_schema.labels(session, task.version_id)
    talk = next((each.values for each in told if each.kind == "talk"), {})
    return {
        "columns": [
            {
                "title": _title(each),
                "opened": _("opened %(time)s", time=times.when(each.opened_at))
                if each.opened_at
                else "",
            }
            for each in told
        ],
        "rows": [
            {"name": word(TERM, name), "cells": _cells(told, name, labels)}
            for name in terms.NAMES
            if any(each.values.get(name) not in (None, "", []) for each in told)
        ],
        "discount": f"{money.number(talk['discountAsked'])} %" if "discountAsked" in talk else "",
        "corrections": str(talk.get("offerCorrections") or ""),
    }


def _title(column: terms.Column) -> str:
    return {
        "standard": _("Standard"),
        "talk": _("Agreed with the client"),
        "offer": _("Offer %(number)s", number=column.version),
        "contract": _("Contract"),
        "form": _("In this form"),
    }[column.kind]


def _cells(columns: list[terms.Column], name: str, labels: Any) -> list[dict[str, Any]]:
    """One term through all columns: each value is compared with the one before it."""
    cells: list[dict[str, Any]] = []
    before: Any = None
    for column in columns:
        value = column.values.get(name)
        known = value not in (None, "", [])
        cells.append(
            {
                "text": _written(name, value, labels) if known else "–",
                "differs": known and before is not None and not terms.same(value, before),
                "field": column.fields.get(name),
                "unit": UNITS.get(name, " €"),
                "before": None if before is None else _raw(before),
            }
        )
        before = value if known else before
    return cells


def _written(name: str, value: Any, labels: Any) -> str:
    if name == "covers":
        return ", ".join(labels.get(str(each), str(each)) for each in value)
    return money.number(Decimal(str(value))) + UNITS.get(name, " €")


def _raw(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
