"""What each past case did at the elements of its diagram, read from its events in office time."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import JSON, case, null, select, type_coerce

from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.simulation.model import Does, Key, Model, Node
from broker_crm.analysis.simulation.walking import Stop, Walk
from broker_crm.engine.transition import EventKind
from broker_crm.process.models import ProcessEvent

CHUNK = 400
"""Cases read in one statement."""
KINDS = (EventKind.ELEMENT_PASSED, EventKind.TASK_CREATED, EventKind.TASK_COMPLETED)

CHOOSING = ("exclusiveGateway", "inclusiveGateway")


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a case.

    Attributes:
        kind: 'element-passed', 'task-created' or 'task-completed'.
        element: id of the element.
        at: office second.
        moment: instant in microseconds since 1970, to tell apart what happened at night.
        outcome: of a completed step.
        flows: that a gateway took.
    """

    kind: str
    element: str
    at: float
    moment: int
    outcome: str | None
    flows: tuple[str, ...]


Traces = Mapping[str, Sequence[Happening]]
"""Case to its events in their order."""


def traces(ledger: Ledger, cases: Sequence[str]) -> Traces:
    """Events of cases.

    Args:
        ledger: its database holds the events.
        cases: hex ids.
    """
    found: dict[str, list[Happening]] = defaultdict(list)
    for start in range(0, len(cases), CHUNK):
        some = [UUID(each) for each in cases[start : start + CHUNK]]
        rows = ledger.session.execute(
            select(
                ProcessEvent.instance_id,
                ProcessEvent.kind,
                ProcessEvent.element_id,
                ProcessEvent.at,
                ProcessEvent.outcome,
                type_coerce(
                    case(
                        (ProcessEvent.element_type.in_(CHOOSING), ProcessEvent.value),
                        else_=null(),
                    ),
                    JSON,
                ).label("value"),
                ProcessEvent.element_type,
            )
            .where(ProcessEvent.instance_id.in_(some), ProcessEvent.kind.in_(KINDS))
            .order_by(ProcessEvent.instance_id, ProcessEvent.id)
        ).all()
        instants = np.array(
            [row.at.astimezone(UTC).replace(tzinfo=None) for row in rows], dtype="datetime64[us]"
        )
        seconds = ledger.office.seconds(instants)
        for row, at, moment in zip(rows, seconds, instants.astype(np.int64), strict=True):
            if row.element_id is not None:
                found[row.instance_id.hex].append(
                    Happening(
                        row.kind,
                        row.element_id,
                        float(at),
                        int(moment),
                        row.outcome,
                        _flows(row.element_type, row.value),
                    )
                )
    return found


def _flows(element_type: str | None, value: Any) -> tuple[str, ...]:
    if element_type in CHOOSING and isinstance(value, dict):
        return tuple(value.get("flows") or ())
    return ()


@dataclass
class _Told:
    """Choices of one past case, in their order."""

    flows: dict[str, deque[tuple[str, ...]]] = field(default_factory=dict)
    entries: dict[str, deque[tuple[int, int]]] = field(default_factory=dict)
    """Subprocess to when it was entered, and how often at that moment."""
    moment: int = 0
    strayed: bool = False

    def one(self, walk: Walk, node: Node, key: Key, visit: int) -> str:
        left = self.flows.get(node.id)
        if left:
            return left.popleft()[0]
        self.strayed = True
        return node.flows[0].id

    def some(self, walk: Walk, node: Node, key: Key, visit: int) -> list[str]:
        left = self.flows.get(node.id)
        if left:
            return list(left.popleft())
        self.strayed = True
        return [node.flows[0].id]

    def count(self, walk: Walk, node: Node, visit: int) -> int:
        left = self.entries.get(node.id)
        if left and left[0][0] == self.moment:
            return left.popleft()[1]
        return 0


def follows(model: Model, trace: Sequence[Happening]) -> bool:
    """Does a case's past lie on the model's graph, step by step?

    Args:
        model: of the version on which it ran.
        trace: all its events.
    """
    told = _told(model, trace)
    walk = Walk(model, told)
    told.moment = trace[0].moment if trace else 0
    walk.begin()
    created: list[str] = []
    for each in trace:
        told.moment = each.moment
        if each.kind == EventKind.TASK_CREATED:
            created.append(each.element)
            continue
        stop, choice = _stop_of(walk, model, each)
        if stop is not None:
            walk.finish(stop, choice)
        elif each.kind == EventKind.TASK_COMPLETED:
            return False
    return not told.strayed and sorted(walk.trace) == sorted(created)


def _told(model: Model, trace: Iterable[Happening]) -> _Told:
    told = _Told()
    inside = {start: sub for sub, start in model.starts.items() if sub in model.nodes}
    values: dict[str, str | None] = {}
    for each in trace:
        node = model.nodes.get(each.element)
        if node is None:
            continue
        if each.kind == EventKind.TASK_COMPLETED:
            values[node.element.outcome_variable] = each.outcome
        elif each.flows and len(node.flows) > 1 and not _decided(model, node, values):
            told.flows.setdefault(node.id, deque()).append(each.flows)
        elif each.element in inside and each.kind == EventKind.ELEMENT_PASSED:
            entries = told.entries.setdefault(inside[each.element], deque())
            if entries and entries[-1][0] == each.moment:
                entries.append((each.moment, entries.pop()[1] + 1))
            else:
                entries.append((each.moment, 1))
    return told


def _decided(model: Model, node: Node, values: Mapping[str, str | None]) -> bool:
    key = tuple([values.get(name) for name in node.asked])
    return node.decided and model.decide(node, key) is not None


def _stop_of(walk: Walk, model: Model, each: Happening) -> tuple[Stop | None, str | None]:
    """What the case waited for that has happened here, and the choice."""
    if each.kind == EventKind.TASK_COMPLETED:
        for stop in walk.stops:
            if stop.node.id == each.element and stop.alive:
                return stop, each.outcome
        return None, None
    node = model.nodes.get(each.element)
    if node is None or (node.does is not Does.WAIT and node.element.attached_to is None):
        return None, None
    for stop in walk.stops:
        if not stop.alive:
            continue
        if stop.node.id == node.id:
            return stop, None
        if stop.node.does is Does.FIRST:
            for flow in stop.node.flows:
                if flow.target == node.id:
                    return stop, flow.id
    return None, None
