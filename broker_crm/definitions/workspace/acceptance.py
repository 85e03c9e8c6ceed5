"""What a file must be before it is kept at all: small enough, readable, and fairly named."""

from __future__ import annotations

import json
import re

from broker_crm.definitions import word
from broker_crm.definitions.findings import Finding, in_file, refused
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.places import SUFFIXES, FileKey, place_of
from broker_crm.definitions.workspace.errors import FileUnacceptable, NameUnacceptable
from broker_crm.engine.errors import DiagramRefused
from broker_crm.engine.sentences import said, told
from broker_crm.engine.xml import read_xml

MAX_TEXT = 500_000
MAX_DOCUMENT = 5_000_000
"""Bytes."""
LANGUAGES = ("lt", "en")
MAX_NAME = 120

_PLAIN = re.compile(r"\w[\w .()-]*")
_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_TEMPLATE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]*\.({'|'.join(LANGUAGES)})")
_TRANSLATION = re.compile(r"[a-z]{2}")


def check_name(key: FileKey) -> None:
    """Refuse names that could not lie in the folder.

    Raises:
        NameUnacceptable: with the name.
    """
    kind, name = key
    pattern = {
        ResourceKind.FORM: _FORM,
        ResourceKind.LETTER: _TEMPLATE,
        ResourceKind.SCRIPT: _TEMPLATE,
        ResourceKind.DOCUMENT: _TEMPLATE,
        ResourceKind.TRANSLATION: _TRANSLATION,
    }.get(kind, _PLAIN)
    ends_well = kind not in (ResourceKind.DIAGRAM, ResourceKind.DECISION) or (
        name.endswith(SUFFIXES[kind]) and len(name) > len(SUFFIXES[kind])
    )
    if len(name) > MAX_NAME or ".." in name or not pattern.fullmatch(name) or not ends_well:
        raise NameUnacceptable(name)


def check_acceptable(key: FileKey, content: bytes) -> None:
    """Refuse what would harm whoever reads it; anything else may be a draft, however wrong.

    Raises:
        FileUnacceptable: with the reason.
    """
    findings = list(_unacceptable(key, content))
    if findings:
        raise FileUnacceptable(findings)


def _unacceptable(key: FileKey, content: bytes) -> list[Finding]:
    kind, name = key
    file = place_of(kind, name).name
    if kind in (ResourceKind.DIAGRAM, ResourceKind.DECISION):
        try:
            read_xml(content, file)
        except DiagramRefused as error:
            return [refused(refusal) for refusal in error.refusals]
        return []
    limit = MAX_DOCUMENT if kind is ResourceKind.DOCUMENT else MAX_TEXT
    if len(content) > limit:
        problem = said(
            "The file has %(bytes)s bytes, the limit is %(limit)s.", bytes=len(content), limit=limit
        )
        return [in_file(file, "file-size", problem, said("Make it smaller."))]
    if kind is ResourceKind.DOCUMENT:
        try:
            word.merge_fields(content)
        except word.WordRefused as error:
            return [in_file(file, "document", told(error), said("Save it again from Word."))]
        return []
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return [
            in_file(file, "encoding", said("The file is not UTF-8."), said("Save it as UTF-8."))
        ]
    if "\0" in text:
        problem = said("The file holds characters that no text has.")
        return [in_file(file, "encoding", problem, said("Save it as UTF-8."))]
    if kind is ResourceKind.FORM:
        try:
            json.loads(text)
        except (ValueError, RecursionError) as error:
            problem = said("The form can't be read: %(reason)s.", reason=told(error))
            return [in_file(file, "form", problem, said("Save it again from the form editor."))]
    return []
