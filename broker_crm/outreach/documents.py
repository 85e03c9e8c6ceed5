"""Offers, contracts and presentations: Word templates of a version, filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from broker_crm.definitions import published
from broker_crm.definitions.models import ResourceKind
from broker_crm.outreach import blocks, pdf, texts, word
from broker_crm.outreach.letters import Attachment
from broker_crm.process.plain_text import plain

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class FilledDocument:
    key: str
    language: str
    content: bytes
    """A .docx file."""

    @property
    def sheet(self) -> blocks.Sheet:
        return blocks.read(self.content)

    def name(self, extension: str) -> str:
        """A name that every system takes: 'draudimo-pasiulymas.docx'."""
        return file_name(self.sheet.title or self.key, extension)

    def pdf(self, made_at: datetime) -> bytes:
        return pdf.drawn(self.content, self.language, made_at)


def document(
    session: Session, version_id: int, key: str, language: str, context: Mapping[str, object]
) -> FilledDocument:
    """A document that may leave the house: every field has a value.

    Args:
        session: only read.
        version_id: the case's version of the process.
        key: of the template.
        language: wanted; Lithuanian where it is missing.
        context: as `merge_context` gives it.

    Raises:
        EmptyMergeField: when a field is empty.
        FeelError: when a field fails.
        NotPublished: when there is no such document.
    """
    return _filled(session, version_id, key, language, texts.complete(context))


def draft(
    session: Session,
    version_id: int,
    key: str,
    language: str,
    context: Mapping[str, object],
    missing: Callable[[str], str] | None = None,
) -> FilledDocument:
    """A document for colleagues: a field without a value is marked, not refused.

    Raises:
        NotPublished: when there is no such document.
    """
    return _filled(session, version_id, key, language, texts.with_gaps(context, missing))


def attachment(made: FilledDocument) -> Attachment:
    """The document beside a letter: kept as Word, sent as PDF."""
    return Attachment(made.name("docx"), word.MEDIA_TYPE, made.content)


def file_name(title: str, extension: str) -> str:
    words = re.findall(r"[a-z0-9]+", plain(title))
    return f"{'-'.join(words)[:LONGEST_NAME].strip('-') or 'document'}.{extension}"


def _filled(
    session: Session,
    version_id: int,
    key: str,
    language: str,
    values: Callable[[str], Callable[[str], str]],
) -> FilledDocument:
    kind = ResourceKind.DOCUMENT
    language = texts.language_of(session, version_id, kind, key, language)
    template = published.resource(session, version_id, kind, f"{key}.{language}")
    return FilledDocument(key, language, word.filled(template, values(language)))
