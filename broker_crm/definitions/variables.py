"""Variables of a process: which of them something sets, and where one is read that nothing sets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from broker_crm.definitions import word
from broker_crm.definitions.bundle import Bundle
from broker_crm.definitions.findings import Finding, Severity
from broker_crm.definitions.form_texts import SHOWN_TEXTS, embedded
from broker_crm.definitions.forms import Field, Form
from broker_crm.definitions.job_types import JOB_RESULTS
from broker_crm.definitions.models import ResourceKind
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.dialect import Element
from broker_crm.engine.feel import FeelError, names
from broker_crm.engine.feel.templates import MERGE_FIELD
from broker_crm.engine.sentences import said

CASE_VARIABLES = frozenset(
    {
        "clientId",
        "client",
        "clientKind",
        "vip",
        "owner",
        "policy",
        "complaint",
        "opportunity",
        "campaign",
        "fromCampaign",
        "recipient",
        "stopShare",
        "stopWhy",
        "purpose",
        "sellingHold",
        "pep",
        "productId",
        "product",
        "productClass",
        "productManager",
        "standardTerms",
    }
)
"""What the start of a case sets by itself."""
TEMPLATE_VARIABLES = frozenset(
    {
        "client",
        "contact",
        "greeting",
        "meeting",
        "offerLink",
        "product",
        "salesperson",
        "signBy",
        "signingLink",
        "today",
    }
)
"""What templates may name besides the variables."""
FORM_WORDS = frozenset({"this", "parent", "i", "_this_", "_parent_", "_i_"})
LIMITS = ("min", "max", "minLength", "maxLength")

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_FILTER = re.compile(r"(?<=[\w\])}])\s*\[[^\[\]]*\]")
_MEND = said("Mend the name, or set the variable before.")


@dataclass(frozen=True, slots=True)
class Reading:
    """Where one expression is read."""

    file: str
    place: str
    """What the expression is, in words."""
    expression: str
    element: Element | None = None
    line: int | None = None


def unset_variables(
    bundle: Bundle, process: CompiledProcess, forms: Mapping[str, Form]
) -> Iterator[Finding]:
    """A warning for each name that is read but set by no start, form, mapping, rule or job.

    Whoever starts a process may give it further variables, so these are no errors.

    Args:
        bundle: its templates are read.
        process: the same bundle's process.
        forms: the same bundle's forms by id.
    """
    known = CASE_VARIABLES | set(_set_by_elements(process)) | set(_set_by_forms(forms))
    for reading in _diagram(process):
        yield from _unknown(reading, known)
    for key, form in forms.items():
        for reading in _form(key, form):
            yield from _unknown(reading, known | FORM_WORDS)
    for reading in _templates(bundle):
        yield from _unknown(reading, known | TEMPLATE_VARIABLES)


def _unknown(reading: Reading, known: frozenset[str] | set[str]) -> Iterator[Finding]:
    for name in sorted(read_by(reading.expression) - known):
        element = reading.element
        yield Finding(
            Severity.WARNING,
            reading.file,
            "variable",
            said("%(place)s reads “%(name)s”, which nothing sets.", place=reading.place, name=name),
            _MEND,
            element.id if element else None,
            element.name if element else None,
            element.line if element else reading.line,
        )


def read_by(expression: str) -> frozenset[str]:
    """Names of variables, without functions and without the entries that filters read."""
    text = _STRING.sub('""', expression)
    while (shorter := _FILTER.sub("", text)) != text:
        text = shorter
    try:
        found = names(text)
    except FeelError:
        return frozenset()
    return frozenset(
        name for name in found if not re.search(rf"(?<!\w){re.escape(name)}\s*\(", text)
    )


def _set_by_elements(process: CompiledProcess) -> Iterator[str]:
    for element in process.elements.values():
        for mapping in (*element.inputs, *element.outputs):
            yield mapping.target.split(".")[0]
        if element.result_variable:
            yield element.result_variable
        if element.outcomes:
            yield element.outcome_variable
        yield from JOB_RESULTS.get(element.job_type or "", ())
        loop = element.multi_instance
        if loop is not None:
            yield "loopCounter"
            yield from filter(None, (loop.input_element, loop.output_collection))


def _set_by_forms(forms: Mapping[str, Form]) -> Iterator[str]:
    for form in forms.values():
        yield from (field.path[0] for field in form.every_field() if field.path)


def _diagram(process: CompiledProcess) -> Iterator[Reading]:
    for element in process.elements.values():
        for place, text in element.texts():
            if text.startswith("="):
                yield Reading(element.file, place, text[1:], element)
        decision = process.decisions.get(element.decision_id or "")
        if decision is not None and not decision.requires:
            for column in decision.inputs:
                place = said("The decision “%(name)s”", name=decision.name)
                yield Reading(element.file, place, column.expression, element)
    for flow in process.flows.values():
        if flow.condition:
            source = process.elements[flow.source]
            place = said("The flow “%(name)s”", name=flow.name or flow.id)
            yield Reading(source.file, place, flow.condition.removeprefix("="), source)


def _form(key: str, form: Form) -> Iterator[Reading]:
    for field in form.every_field():
        attributes = field.attributes
        name = str(attributes.get("label") or attributes.get("key") or attributes.get("id") or "?")
        for expression in _expressions(field):
            yield Reading(f"{key}.form", said("The field “%(name)s”", name=name), expression)


def _expressions(field: Field) -> Iterator[str]:
    attributes: Mapping[str, Any] = field.attributes
    if attributes.get("valuesKey"):
        yield str(attributes["valuesKey"]).split(".")[0]
    values = [field.hide, attributes.get("readonly"), attributes.get("expression")]
    values += [attributes.get("valuesExpression"), *(field.rules.get(limit) for limit in LIMITS)]
    values += [attributes.get(name) for name in SHOWN_TEXTS]
    for value in values:
        if isinstance(value, str) and value.startswith("="):
            yield value[1:]
    yield from embedded(field)


def _templates(bundle: Bundle) -> Iterator[Reading]:
    for kind in (ResourceKind.LETTER, ResourceKind.SCRIPT):
        for stem, content in bundle.of(kind).items():
            yield from _template(f"{stem}.md", content.decode(errors="replace"))
    for stem, content in bundle.of(ResourceKind.DOCUMENT).items():
        try:
            placed = word.merge_fields(content)
        except word.WordRefused:
            continue
        for each in placed:
            yield Reading(
                f"{stem}.docx", said("Paragraph %(number)s", number=each.paragraph), each.field
            )


def _template(file: str, text: str) -> Iterator[Reading]:
    for match in MERGE_FIELD.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Reading(file, said("The merge field"), match[1].strip(), line=line)
