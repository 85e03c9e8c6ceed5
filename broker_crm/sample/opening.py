"""User tasks and timers as a walk in memory opens them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from broker_crm import clock
from broker_crm.db import new_id
from broker_crm.engine.dialect import Element
from broker_crm.engine.instants import instant, instants
from broker_crm.engine.transition import CreatedTask, Standards
from broker_crm.sample.diagrams import CannotWalk
from broker_crm.sample.reading import Reader


def created_task(
    read: Reader,
    element: Element,
    context: Mapping[str, Any],
    loop_number: int,
    local_variables: Mapping[str, Any],
) -> CreatedTask:
    """A user task that became ready now, with its standards and due date.

    Args:
        read: evaluates.
        element: the user task.
        context: what it sees.
        loop_number: how often the case has come to it.
        local_variables: what it alone sees.
    """
    properties = element.properties
    days = read.number(properties.get("standardWorkingDays"), context)
    due: datetime | None = None
    if element.due_date:
        told = read.value(element.due_date, context)
        due = instant(told) if told is not None else None
    elif days is not None:
        due = read.calendar.due_at(clock.now(), days)
    return CreatedTask(
        id=new_id(),
        element_id=element.id,
        name=element.name or element.id,
        step=element.step,
        lane=element.lane,
        form_key=element.form_key,
        assignee=read.text(element.assignee, context),
        candidate_group=read.text(element.candidate_groups, context),
        due_at=due,
        standards=Standards(
            days,
            read.number(properties.get("standardMinutes"), context),
            read.number(properties.get("standardCost"), context),
        ),
        outcomes=element.outcomes,
        outcome_variable=element.outcome_variable,
        loop_number=loop_number,
        help=element.help,
        local_variables=dict(local_variables),
    )


def timer_plan(
    read: Reader, element: Element, context: Mapping[str, Any], due: datetime | None
) -> list[str]:
    """When a timer fires, as ISO instants.

    Args:
        read: evaluates.
        element: the timer.
        context: what it sees.
        due: of the task on which it sits, where it does.

    Raises:
        CannotWalk: it asks for the due date of a task that has none.
    """
    shift = read.calendar.shift

    def shifted(days: float) -> str:
        if due is None:
            raise CannotWalk(f"{element.id} has no due date")
        return shift(due, days).isoformat()

    functions: dict[str, Callable[..., object]] = {
        "before due": lambda days: shifted(-days),
        "at due": lambda: shifted(0),
        "after due": shifted,
    }
    text = element.timer or ""
    distances = _distances(text, context.get("vip") is True)
    found: Any
    if distances is not None:
        found = [shifted(days) for days in distances]
        found = found if element.timer_kind == "timeCycle" else found[0]
    else:
        found = read.value(text, context, functions if "due(" in text else None)
    return instants(found, element.timer_kind or "timeDate")


_DISTANCE = r"(?:(?:before|after) due\(\d+\)|at due\(\))"
_DISTANCES = rf"\[?{_DISTANCE}(?:, {_DISTANCE})*\]?"
_PLAIN = re.compile(rf"=(?:if vip then (?P<vip>{_DISTANCES}) else )?(?P<others>{_DISTANCES})")


@lru_cache(maxsize=1_000)
def _distances(text: str, vip: bool) -> tuple[int, ...] | None:
    """Days from the due date that most timers name; None for one that needs FEEL."""
    plain = _PLAIN.fullmatch(text)
    if plain is None:
        return None
    chosen = plain["vip"] if vip and plain["vip"] else plain["others"]
    found = re.findall(r"(before|after|at) due\((\d*)\)", chosen)
    return tuple(int(days or 0) * (-1 if side == "before" else 1) for side, days in found)
