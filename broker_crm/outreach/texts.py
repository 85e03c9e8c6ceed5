"""Letters and scripts of a version with their merge fields filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy.orm import Session

from broker_crm.definitions import published
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.published import NotPublished
from broker_crm.definitions.variables import read_by
from broker_crm.engine.feel import EmptyMergeField, FeelError, evaluate
from broker_crm.engine.feel.templates import MERGE_FIELD
from broker_crm.outreach.values import written

FIRST_LANGUAGE = "lt"
SUBJECT = "Subject:"
MARKS = re.compile(r"([\\`*_\[\]<>|~])")
LONGEST_FIELD = 40
MISSING = {"lt": "[nėra: {}]", "en": "[missing: {}]"}

Values = Callable[[str], Callable[[str], str]]
"""By language, the text of a merge field."""


@dataclass(frozen=True, slots=True)
class RenderedText:
    subject: str
    """'' for scripts."""
    markdown: str


def language_of(
    session: Session, version_id: int, kind: ResourceKind, key: str, language: str
) -> str:
    """The language in which there is such a text: the wanted one, else Lithuanian.

    Raises:
        NotPublished: when there is none in either.
    """
    files = published.resources(session, version_id, kind)
    for found in (language, FIRST_LANGUAGE):
        if f"{key}.{found}" in files:
            return found
    raise NotPublished(f"Version {version_id} has no {kind} “{key}” in {language} or Lithuanian.")


def rendered(
    session: Session,
    version_id: int,
    kind: ResourceKind,
    key: str,
    language: str,
    context: Mapping[str, object],
) -> RenderedText:
    """A text that may leave the house: every field has a value.

    Values are text, never Markdown: what a client's name holds can't become a link or a table.

    Args:
        session: only read.
        version_id: the case's version of the process.
        kind: letter or script.
        key: of the template.
        language: wanted; Lithuanian where it is missing.
        context: as `merge_context` gives it.

    Raises:
        EmptyMergeField: when a field is null, empty or only spaces.
        FeelError: when a field names what there is not, or fails.
        NotPublished: when there is no such text.
    """

    return _filled(session, version_id, kind, key, language, complete(context))


def shown(
    session: Session,
    version_id: int,
    kind: ResourceKind,
    key: str,
    language: str,
    context: Mapping[str, object],
    missing: Callable[[str], str] | None = None,
) -> RenderedText:
    """A text shown as help inside the house: a field without a value is marked, not refused.

    Args:
        session: only read.
        version_id: the case's version of the process.
        kind: letter or script.
        key: of the template.
        language: wanted; Lithuanian where it is missing.
        context: as `merge_context` gives it.
        missing: how a field without a value is shown; by default '[nėra: client.phone]'.

    Raises:
        NotPublished: when there is no such text.
    """
    return _filled(session, version_id, kind, key, language, with_gaps(context, missing))


def reads(
    session: Session, version_id: int, kind: ResourceKind, key: str, language: str, name: str
) -> bool:
    """Does a letter or script name a variable in one of its merge fields?

    Args:
        session: only read.
        version_id: the case's version of the process.
        kind: letter or script.
        key: of the template.
        language: one in which there is such a text.
        name: of the variable.

    Raises:
        NotPublished: when there is no such text.
    """
    template = published.resource(session, version_id, kind, f"{key}.{language}").decode()
    return any(name in read_by(field[1]) for field in MERGE_FIELD.finditer(template))


def complete(context: Mapping[str, object]) -> Values:
    """Values for a text that leaves the house; a field without one raises EmptyMergeField."""

    def in_language(language: str) -> Callable[[str], str]:
        def value_of(field: str) -> str:
            value = evaluate(field, context)
            text = "" if value is None else written(value, language)
            if not text.strip():
                raise EmptyMergeField(field)
            return text

        return value_of

    return in_language


def with_gaps(context: Mapping[str, object], missing: Callable[[str], str] | None = None) -> Values:
    """Values for a text shown as help; a field without one is marked.

    Args:
        context: as `merge_context` gives it.
        missing: how a field without a value is shown; by default '[nėra: client.phone]'.
    """

    def in_language(language: str) -> Callable[[str], str]:
        values = complete(context)(language)

        def value_of(field: str) -> str:
            try:
                return values(field)
            except FeelError:
                return missing(field) if missing else MISSING[language].format(_short(field))

        return value_of

    return in_language


def _filled(
    session: Session,
    version_id: int,
    kind: ResourceKind,
    key: str,
    language: str,
    values: Values,
) -> RenderedText:
    language = language_of(session, version_id, kind, key, language)
    template = published.resource(session, version_id, kind, f"{key}.{language}").decode()
    return _fill_in(template, values(language))


def shown_text(
    template: str,
    language: str,
    context: Mapping[str, object],
    missing: Callable[[str], str] | None = None,
) -> RenderedText:
    """A text that no version has yet, filled in as far as the data goes.

    Args:
        template: the text with its merge fields.
        language: in which it is written.
        context: as `merge_context` gives it.
        missing: as in `shown`.
    """
    return _fill_in(template, with_gaps(context, missing)(language))


def _fill_in(template: str, value_of: Callable[[str], str]) -> RenderedText:

    def fill(template: str, shape: Callable[[str], str]) -> str:
        def one(match: re.Match[str]) -> str:
            return shape(value_of(match[1].strip()))

        return MERGE_FIELD.sub(one, template)

    subject = ""
    if template.startswith(SUBJECT):
        first, _, template = template.partition("\n")
        subject = fill(first.removeprefix(SUBJECT).strip(), _one_line)
    return RenderedText(subject, _body(template.lstrip("\n"), fill))


def _body(template: str, fill: Callable[[str, Callable[[str], str]], str]) -> str:
    """Fill in; what stands in a row of a table is kept on one line."""
    lines = template.splitlines(keepends=True)
    parts = groupby(lines, key=lambda line: line.startswith("|"))
    return "".join(
        fill("".join(part), (lambda text: _plain(_one_line(text))) if in_table else _plain)
        for in_table, part in parts
    )


def _one_line(text: str) -> str:
    return " ".join(text.split("\n"))


def _plain(text: str) -> str:
    return MARKS.sub(r"\\\1", text)


def _short(field: str) -> str:
    """A field's name for people: long expressions are cut."""
    return field if len(field) <= LONGEST_FIELD else f"{field[: LONGEST_FIELD - 1]}…"
