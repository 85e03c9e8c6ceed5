"""Texts on forms with expressions in them: one that can't be read is shown as a sign of warning."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from broker_crm.definitions.findings import Finding, Severity, in_file
from broker_crm.definitions.forms import Field, Form
from broker_crm.engine.feel import FeelError, check
from broker_crm.engine.sentences import said, told

SHOWN_TEXTS = ("text", "label", "description", "content")

_EMBEDDED = re.compile(r"\{\{(?![#/])(.+?)\}\}", re.DOTALL)


def embedded(field: Field) -> Iterator[str]:
    """The expressions between braces in a field's texts."""
    for name in SHOWN_TEXTS:
        for match in _EMBEDDED.finditer(str(field.attributes.get(name) or "")):
            yield match[1].strip()


def broken_texts(forms: Mapping[str, Form]) -> Iterator[Finding]:
    """A warning for each expression in a text that the form can't work out.

    Args:
        forms: by id.
    """
    for key, form in forms.items():
        for field in form.every_field():
            for expression in embedded(field):
                try:
                    check(expression)
                except FeelError as error:
                    problem = said("A text on the form: %(reason)s", reason=told(error))
                    mend = said("Mend the field.")
                    yield in_file(f"{key}.form", "merge-field", problem, mend, Severity.WARNING)
