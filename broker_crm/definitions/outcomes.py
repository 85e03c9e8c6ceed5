"""Checks the closed list of a step's outcomes against its form and against the flows behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from broker_crm.definitions.findings import Finding, Severity, error_at, warning_at
from broker_crm.definitions.forms import Form
from broker_crm.definitions.forms.values import options
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.dialect import Element
from broker_crm.engine.sentences import said


def offered_outcomes(
    elements: Mapping[str, Element], forms: Mapping[str, Form]
) -> Iterator[Finding]:
    """The closed list of a step's outcomes beside the choices that its form offers."""
    for element in elements.values():
        form = forms.get(element.form_key or "")
        if form is None or element.type != "userTask" or not element.outcomes:
            continue
        variable = element.outcome_variable
        field = next((each for each in form.every_field() if each.path == (variable,)), None)
        if field is None:
            yield error_at(
                element,
                "outcome",
                said(
                    "The form “%(key)s” has no field “%(variable)s”, so the task can't be "
                    "completed.",
                    key=form.key,
                    variable=variable,
                ),
                said("Add the field, or remove the property outcomes."),
            )
            continue
        if not isinstance(field.attributes.get("values"), list):
            continue
        offered = {str(option) for option in options(field, {}, None)}
        listed = set(element.outcomes)
        for word in sorted(offered - listed):
            yield error_at(
                element,
                "outcome",
                said(
                    "The form “%(key)s” offers “%(word)s”, which is not an outcome of the task.",
                    key=form.key,
                    word=word,
                ),
                said("Outcomes: %(names)s.", names=", ".join(sorted(listed))),
            )
        for word in sorted(listed - offered):
            yield warning_at(
                element,
                "outcome",
                said(
                    "The form “%(key)s” does not offer the outcome “%(word)s”.",
                    key=form.key,
                    word=word,
                ),
                said("Add it to the form, or remove it from outcomes."),
            )


def compared_outcomes(process: CompiledProcess) -> Iterator[Finding]:
    """A condition that compares an outcome variable with a word outside its closed list."""
    closed: dict[str, set[str]] = {}
    for element in process.elements.values():
        if element.outcomes:
            closed.setdefault(element.outcome_variable, set()).update(element.outcomes)
    for flow in process.flows.values():
        for variable, word in re.findall(r'(\w+)\s*!?=\s*"([^"]*)"', flow.condition or ""):
            if variable in closed and word not in closed[variable]:
                yield Finding(
                    Severity.ERROR,
                    process.elements[flow.source].file,
                    "outcome",
                    said(
                        "“%(word)s” is not an outcome of “%(variable)s”.",
                        word=word,
                        variable=variable,
                    ),
                    said("Outcomes: %(names)s.", names=", ".join(sorted(closed[variable]))),
                    flow.id,
                    flow.name,
                    flow.line,
                )
