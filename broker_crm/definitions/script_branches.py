"""Call scripts that follow the form: parts under a condition, and questions that are fields.

`{? firstCallOutcome = "later" ?}` at the end of a paragraph, list item, table row or heading shows
it only while the answers are so; a heading takes along what stands under it. `[question](#field)`
leads to the field in which its answer is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from broker_crm.definitions.bundle import Bundle
from broker_crm.definitions.findings import Finding, Severity
from broker_crm.definitions.forms import Field, Form
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.variables import read_by
from broker_crm.engine.feel import FeelError, check
from broker_crm.engine.sentences import said

BRANCH = re.compile(r"\s*\{\?(.+?)\?\}\s*$", re.DOTALL)
ANYWHERE = re.compile(r"\{\?(.+?)\?\}", re.DOTALL)
QUESTION = re.compile(r"\]\(#([\w-]+)\)")


def findings(bundle: Bundle, forms: Mapping[str, Form]) -> Iterator[Finding]:
    """Conditions that are no FEEL, and names that no form beside the script has.

    Where a form beside the script is missing or can't be read, that is told elsewhere, and names
    are not judged.

    Args:
        bundle: its scripts are read.
        forms: of the bundle, by id.
    """
    for stem, content in bundle.of(ResourceKind.SCRIPT).items():
        key = stem.rpartition(".")[0]
        beside = [
            element.form_key
            for element in bundle.elements.values()
            if element.help.get("script") == key and element.form_key
        ]
        known: set[str] | None = None
        if all(form_key in forms for form_key in beside):
            known = {field for form_key in beside for field in _keys(forms[form_key].fields)}
        text = content.decode(errors="replace")
        for match in ANYWHERE.finditer(text):
            yield from _condition(f"{stem}.md", text, match, known)
        for match in QUESTION.finditer(text):
            if known is not None and match[1] not in known:
                yield _unknown(f"{stem}.md", text, match, match[1])


def _condition(
    file: str, text: str, match: re.Match[str], known: set[str] | None
) -> Iterator[Finding]:
    condition = match[1].strip()
    try:
        check(condition)
    except FeelError as error:
        line = text.count("\n", 0, match.start()) + 1
        yield Finding(
            Severity.ERROR,
            file,
            "script-branch",
            str(error),
            said("Mend the condition."),
            line=line,
        )
        return
    for name in sorted(read_by(condition) - known) if known is not None else ():
        yield _unknown(file, text, match, name)


def _unknown(file: str, text: str, match: re.Match[str], name: str) -> Finding:
    return Finding(
        Severity.ERROR,
        file,
        "script-branch",
        said("The script names the field “%(name)s”, which no form beside it has.", name=name),
        said("Name a field of the step's form."),
        line=text.count("\n", 0, match.start()) + 1,
    )


def _keys(fields: tuple[Field, ...]) -> Iterator[str]:
    for field in fields:
        if field.path:
            yield field.path[0]
        yield from _keys(field.fields)
