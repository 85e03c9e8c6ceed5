"""What a case knew at each of its steps, put together again from its history.

Known at the start is what it was started with. Each completed step adds what was entered, each
automatic element what it wrote, as far as its event tells (older histories do not).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from broker_crm.engine.transition import EventKind
from broker_crm.process.models import ProcessEvent


@dataclass(frozen=True, slots=True)
class StepData:
    """Values around one completed step.

    Attributes:
        before: known when it was completed.
        entered: by its form.
        changed: names entered that had another value before.
    """

    before: dict[str, Any]
    entered: dict[str, Any]
    changed: frozenset[str]


def recollect(events: Iterable[ProcessEvent]) -> dict[int, StepData]:
    """Values by the id of each completion's event.

    Args:
        events: all of the case, in the order in which they happened.
    """
    known: dict[str, Any] = {}
    found: dict[int, StepData] = {}
    for event in events:
        value = event.value
        if not isinstance(value, dict):
            continue
        if event.kind == EventKind.INSTANCE_STARTED:
            known.update(value)
        elif event.kind == EventKind.TASK_COMPLETED:
            changed = {name for name in value if name in known and known[name] != value[name]}
            found[event.id] = StepData(dict(known), value, frozenset(changed))
            known.update(value)
        elif event.kind == EventKind.ELEMENT_PASSED:
            wrote = value.get("set")
            if isinstance(wrote, dict):
                known.update(wrote)
    return found
