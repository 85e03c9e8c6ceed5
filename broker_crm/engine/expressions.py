"""Checks every expression, timer and gateway condition of a diagram before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from broker_crm.engine.dialect import Element, SequenceFlow
from broker_crm.engine.errors import Refusal
from broker_crm.engine.feel import FeelError, check
from broker_crm.engine.instants import instants
from broker_crm.engine.sentences import said, told


def check_expressions(
    elements: Mapping[str, Element], flows: Mapping[str, SequenceFlow]
) -> list[Refusal]:
    """Syntax of all FEEL, literal timers, and conditions of exclusive and inclusive gateways."""
    found = list(_elements(elements.values()))
    found.extend(_flows(elements, flows))
    return found


def _elements(elements: Iterable[Element]) -> Iterator[Refusal]:
    for element in elements:
        for place, text in element.texts():
            reason = _syntax(text)
            if reason:
                yield _refusal(
                    element,
                    said("%(place)s: %(reason)s", place=place, reason=reason),
                    said("Mend the expression."),
                    "feel",
                )
        if element.script and not element.script.startswith("="):
            yield _refusal(
                element,
                said("The script is not a FEEL expression."),
                said("Begin it with “=”; other languages are never run."),
                "script",
            )
        if element.timer and not element.timer.startswith("="):
            try:
                instants(element.timer, element.timer_kind or "timeDate")
            except ValueError as error:
                yield _refusal(
                    element,
                    said("The timer: %(reason)s", reason=told(error)),
                    said("Use ISO 8601 such as P3D, or FEEL such as “=before due(1)”."),
                    "timer",
                )


def _syntax(text: str) -> str | None:
    if not text.startswith("="):
        return None
    try:
        check(text[1:])
    except FeelError as error:
        return told(error)
    return None


def _flows(elements: Mapping[str, Element], flows: Mapping[str, SequenceFlow]) -> Iterator[Refusal]:
    for flow in flows.values():
        source = elements.get(flow.source)
        if source is None or flow.condition is None:
            continue
        if not flow.condition.startswith("="):
            yield Refusal(
                source.file,
                flow.id,
                flow.name,
                said("The condition “%(condition)s” is not FEEL.", condition=flow.condition),
                said('Begin it with “=”, for example “=outcome = "signed"”.'),
                "feel",
                flow.line,
            )
            continue
        reason = _syntax(flow.condition)
        if reason:
            yield Refusal(
                source.file,
                flow.id,
                flow.name,
                reason,
                said("Mend the condition."),
                "feel",
                flow.line,
            )


def _refusal(element: Element, problem: str, mend: str, rule: str) -> Refusal:
    return Refusal(element.file, element.id, element.name, problem, mend, rule, element.line)
