"""Why a case went where it went: gateways in plain sentences, decision tables with their rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.definitions.published import compiled
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.dialect import SequenceFlow
from broker_crm.engine.transition import EventKind
from broker_crm.process.models import ProcessEvent
from broker_crm.web import names
from broker_crm.web.case_values import Values

FARTHEST = 20
"""Elements without a name that are passed over to find one that has."""


def is_choice(process: CompiledProcess, event: ProcessEvent) -> bool:
    """Did a gateway with conditions, or a decision table, decide here?"""
    element = process.elements.get(event.element_id or "")
    if event.kind != EventKind.ELEMENT_PASSED or element is None:
        return False
    return bool(element.decision_id) or _has_conditions(process, element.id)


def choice(session: Session, event: ProcessEvent, values: Values) -> dict[str, Any]:
    """What the history shows of one choice.

    Returns:
        `sentence`, `conditions` (text, truth, where to), `values` (name and value), `decisions`
        (name, rows, inputs, outputs), and `recorded`: false for a case older than the record.
    """
    process = compiled(session, event.version_id)
    element = process.elements[event.element_id or ""]
    told = event.value if isinstance(event.value, dict) else {}

    def called(text: str | None) -> str:
        return names.name(session, event.version_id, text)

    if element.decision_id:
        return _decided(process, told, values, called)
    return _gone(process, element.id, told, values, called)


def _has_conditions(process: CompiledProcess, element_id: str) -> bool:
    leaving = [flow for flow in process.flows.values() if flow.source == element_id]
    gateway = process.elements[element_id].type.endswith("Gateway")
    return gateway and len(leaving) > 1 and any(flow.condition for flow in leaving)


def _gone(
    process: CompiledProcess,
    element_id: str,
    told: dict[str, Any],
    values: Values,
    called: Callable[[str | None], str],
) -> dict[str, Any]:
    leaving = {flow.id: flow for flow in process.flows.values() if flow.source == element_id}
    taken = [leaving[each] for each in told.get("flows", []) if each in leaving]
    weighed: dict[str, bool] = told.get("weighed") or {}
    where = ", ".join(_quoted(_target(process, flow, called)) for flow in taken)
    reasons = [_feel(flow) for flow in taken if weighed.get(flow.id) is True]
    if not taken:
        sentence = _("Where it went is not recorded")
    elif not weighed:
        sentence = _("Went to %(steps)s; why is not recorded", steps=where)
    elif reasons:
        why = f" {_both()} ".join(reasons)
        sentence = _("Went to %(steps)s because %(condition)s", steps=where, condition=why)
    else:
        sentence = _("Went to %(steps)s because no other condition was true", steps=where)
    return {
        "recorded": bool(weighed),
        "sentence": sentence,
        "conditions": [
            (
                _feel(leaving[flow]),
                _("true") if gave else _("false"),
                _target(process, leaving[flow], called),
            )
            for flow, gave in weighed.items()
            if flow in leaving
        ],
        "values": values.by_name(told.get("with") or {}),
        "decisions": [],
    }


def _decided(
    process: CompiledProcess,
    told: dict[str, Any],
    values: Values,
    called: Callable[[str | None], str],
) -> dict[str, Any]:
    hits: dict[str, dict[str, Any]] = told.get("decisions") or {}
    decisions = []
    for key, hit in hits.items():
        table = process.decisions.get(key)
        rows = ", ".join(str(number) for number in hit.get("rules", []))
        gave = hit.get("gave")
        outputs = gave if isinstance(gave, dict) else {_result(process, key): gave}
        if table is not None and table.expression is not None:
            row = _("by an expression")
        else:
            row = _("row %(numbers)s", numbers=rows) if rows else _("no row matched")
        decisions.append(
            {
                "name": called(table.name) if table else key,
                "row": row,
                "inputs": values.by_name(hit.get("inputs") or {}),
                "outputs": values.by_name(outputs),
            }
        )
    sentence = "; ".join(f"{_quoted(each['name'])}: {each['row']}" for each in decisions)
    return {
        "recorded": bool(hits),
        "sentence": sentence or _("Which row of the table hit is not recorded"),
        "conditions": [],
        "values": [],
        "decisions": decisions,
    }


def _result(process: CompiledProcess, key: str) -> str:
    table = process.decisions.get(key)
    return table.outputs[0].name if table and len(table.outputs) == 1 else key


def _both() -> str:
    return _("and")


def _quoted(name: str) -> str:
    return _("“%(name)s”", name=name)


def _feel(flow: SequenceFlow) -> str:
    return " ".join((flow.condition or "").removeprefix("=").split())


def _target(
    process: CompiledProcess, flow: SequenceFlow, called: Callable[[str | None], str]
) -> str:
    """The next element that has a name; the flow's own name where none follows."""
    target = flow.target
    for _step in range(FARTHEST):
        element = process.elements.get(target)
        if element is None:
            break
        if element.name:
            return called(element.name)
        following = [each.target for each in process.flows.values() if each.source == target]
        if len(following) != 1:
            break
        target = following[0]
    return called(flow.name) if flow.name else flow.target
