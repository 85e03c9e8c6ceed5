"""How sample people and clients act: when a task is done, and with what result."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from broker_crm.engine.transition import CreatedTask
from broker_crm.sample.behaviour import others, renewing, selling
from broker_crm.sample.behaviour.case import SampleCase, Values
from broker_crm.sample.behaviour.timing import acts_at, opens_at, takes_minutes

__all__ = ["SampleCase", "acts_at", "opens_at", "result", "takes_minutes"]

BY_PROCESS: dict[str, Mapping[str, selling.Act]] = {
    "new-client-sale": selling.RESULTS,
    "complaint": others.RESULTS,
    "cross-sell": {"needs-record": selling.RESULTS["needs-record"]},
    "renewal": {**selling.APPROVALS, **renewing.RESULTS},
}


def result(
    case: SampleCase, task: CreatedTask, now: datetime, seen: Mapping[str, object]
) -> Values:
    """The values that the person enters; an outcome that is no longer offered becomes another.

    Args:
        case: the case.
        task: its task.
        now: the moment at which it is completed.
        seen: the variables that the task sees.
    """
    insurer = task.local_variables.get("insurer")
    place = insurer.get("name") if isinstance(insurer, Mapping) else ""
    chance = case.chance("result", task.step, task.loop_number, place)
    act = BY_PROCESS.get(case.process, {}).get(task.step)
    values = act(case, task, chance, now, seen) if act else {}
    if task.outcomes and values.get(task.outcome_variable) not in task.outcomes:
        chosen = others.outcome(case, task.step, task.loop_number, task.outcomes, chance)
        return {task.outcome_variable: chosen}
    return values
