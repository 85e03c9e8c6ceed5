"""Offers, contracts and presentations as files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy.orm import Session

from broker_crm.definitions.models import ResourceKind
from broker_crm.outreach import paper, texts
from broker_crm.outreach.letters import Attachment
from broker_crm.process.plain_text import plain

LONGEST_NAME = 80


def document(
    session: Session, version_id: int, key: str, language: str, context: Mapping[str, object]
) -> Attachment:
    """A document as a file that opens anywhere and prints well.

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
    kind = ResourceKind.DOCUMENT
    language = texts.language_of(session, version_id, kind, key, language)
    markdown = texts.rendered(session, version_id, kind, key, language, context).markdown
    return Attachment(
        file_name(paper.title(markdown) or key, "html"),
        "text/html",
        paper.page(markdown, language),
    )


def file_name(title: str, extension: str) -> str:
    """A name that every system takes: 'draudimo-pasiulymas.html'."""
    words = re.findall(r"[a-z0-9]+", plain(title))
    return f"{'-'.join(words)[:LONGEST_NAME].strip('-') or 'document'}.{extension}"
