"""Approvals that a case would pass over when it is moved on."""

from __future__ import annotations

from collections.abc import Mapping

from broker_crm.definitions.meanings import KIND
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.dialect import Element
from broker_crm.process.rights import FOUR_EYES

APPROVAL = "-approval"
"""How kinds and keys of steps that approve end."""

Flows = Mapping[str, list[str]]


def approves(element: Element) -> bool:
    """Is this a step in which somebody approves what another one prepared?"""
    return element.type == "userTask" and (
        element.step in FOUR_EYES
        or element.step.endswith(APPROVAL)
        or element.properties.get(KIND, "").endswith(APPROVAL)
    )


def between(process: CompiledProcess, here: str, there: str) -> list[Element]:
    """Approvals on a way from one element on to another, the first one with it.

    Ways that lead back, such as of what is returned for mending, do not count: a case that goes
    back comes to the approval again.

    Args:
        process: the compiled version.
        here: element id where the case stands.
        there: element id of the step before which it is put.
    """
    onward = _onward(process)
    after = _reached(onward, here)
    return [
        element
        for element in process.elements.values()
        if approves(element)
        and (place := _place(process, element, here)) in after
        and place != there
        and there in _reached(onward, place)
    ]


def _place(process: CompiledProcess, element: Element, here: str) -> str:
    """The element, or the part of the process around it that stands beside `here`."""
    level = process.elements[here].process_id
    while element.process_id != level:
        around = next(
            (
                each
                for each in process.elements.values()
                if element.process_id in (each.id, each.called_process)
            ),
            None,
        )
        if around is None:
            break
        element = around
    return element.id


def _onward(process: CompiledProcess) -> Flows:
    """What follows each element, without the flows that lead back."""
    following: dict[str, list[str]] = {name: [] for name in process.elements}
    for flow in process.flows.values():
        following[flow.source].append(flow.target)
    for element in process.elements.values():
        if element.attached_to:
            following[element.attached_to].append(element.id)
    onward: dict[str, list[str]] = {name: [] for name in following}
    done: set[str] = set()
    starts = [each.id for each in process.elements.values() if each.type == "startEvent"]
    for start in starts:
        open_now: list[tuple[str, list[str]]] = [(start, list(following[start]))]
        above = {start}
        while open_now:
            name, rest = open_now[-1]
            if not rest:
                open_now.pop()
                above.discard(name)
                done.add(name)
                continue
            target = rest.pop(0)
            if target in above:
                continue
            onward[name].append(target)
            if target not in done:
                above.add(target)
                open_now.append((target, list(following[target])))
    return onward


def _reached(onward: Flows, start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(onward[name])
    return found
