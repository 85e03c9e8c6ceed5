"""Fields of a step's form that the step throws away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from broker_crm.definitions.findings import Finding, Severity
from broker_crm.definitions.forms import Form
from broker_crm.definitions.variables import read_by
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.sentences import said


def lost_fields(process: CompiledProcess, forms: Mapping[str, Form]) -> Iterator[Finding]:
    """A warning for each answer that no output of the step reads, where the step has outputs.

    Without output mappings a step keeps all that is entered; with them, only what they read.

    Args:
        process: read from the diagram.
        forms: of the same bundle by id.
    """
    for element in process.elements.values():
        form = forms.get(element.form_key or "")
        if form is None or not element.outputs:
            continue
        kept = {name for each in element.outputs for name in read_by(each.source.removeprefix("="))}
        for field in form.every_field():
            shown_only = field.attributes.get("disabled") or field.attributes.get("readonly")
            if not field.path or shown_only or field.type == "expression" or field.path[0] in kept:
                continue
            label = str(field.attributes.get("label") or field.path[0])
            yield Finding(
                Severity.WARNING,
                element.file,
                "lost-field",
                said("What is entered in the field “%(name)s” is lost.", name=label),
                said("Add an output mapping that reads “%(key)s”.", key=field.path[0]),
                element.id,
                element.name,
                element.line,
            )
