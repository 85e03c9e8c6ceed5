"""Letters, scripts and documents: where the published processes use them, and how they changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.definitions import published, word
from broker_crm.definitions.bundle import template_references
from broker_crm.definitions.models import (
    ProcessVersion,
    ProcessVersionResource,
    Resource,
    ResourceKind,
)
from broker_crm.engine.dialect import Element
from broker_crm.engine.feel.templates import MERGE_FIELD

KINDS = (ResourceKind.LETTER, ResourceKind.SCRIPT, ResourceKind.DOCUMENT)


@dataclass(frozen=True, slots=True)
class Use:
    """An element of a process's latest version that names a template."""

    version: ProcessVersion
    element: Element


@dataclass(frozen=True, slots=True)
class Template:
    """A text that the latest versions of the processes bundle."""

    kind: ResourceKind
    key: str
    languages: tuple[str, ...]
    uses: tuple[Use, ...]


@dataclass(slots=True)
class Edition:
    """One wording of a template in one language, and the versions that bundle it."""

    number: int
    """1 for the first that was published."""
    hash: str
    content: bytes
    versions: list[ProcessVersion] = field(default_factory=list)
    """In the order in which they were published."""

    @property
    def since(self) -> datetime:
        return self.versions[0].published_at


def in_use(session: Session) -> list[Template]:
    """The templates of all processes' latest versions, by kind and key."""
    languages: dict[tuple[ResourceKind, str], set[str]] = {}
    uses: dict[tuple[ResourceKind, str], list[Use]] = {}
    for version in published.latest_versions(session):
        for kind in KINDS:
            for stem in published.resources(session, version.id, kind):
                key, _dot, language = stem.rpartition(".")
                languages.setdefault((kind, key), set()).add(language)
        elements = published.compiled(session, version.id).elements
        for each in template_references(elements):
            uses.setdefault((each.kind, each.key), []).append(Use(version, each.element))
    return [
        Template(
            kind, key, tuple(sorted(found, reverse=True)), tuple(_once(uses.get((kind, key), [])))
        )
        for (kind, key), found in sorted(
            languages.items(), key=lambda item: (KINDS.index(item[0][0]), item[0][1])
        )
    ]


def editions(session: Session, kind: ResourceKind, key: str, language: str) -> list[Edition]:
    """The wordings of a template, the newest first."""
    rows = session.execute(
        select(ProcessVersion, ProcessVersionResource.resource_hash)
        .join(ProcessVersionResource, ProcessVersionResource.version_id == ProcessVersion.id)
        .where(
            ProcessVersionResource.kind == kind, ProcessVersionResource.name == f"{key}.{language}"
        )
        .order_by(ProcessVersion.published_at, ProcessVersion.id)
    ).all()
    wanted = {digest for _version, digest in rows}
    stored = select(Resource.hash, Resource.content).where(Resource.hash.in_(wanted))
    contents = {row.hash: row.content for row in session.execute(stored)}
    found: dict[str, Edition] = {}
    for version, digest in rows:
        if digest not in found:
            found[digest] = Edition(len(found) + 1, digest, contents[digest])
        found[digest].versions.append(version)
    return sorted(found.values(), key=lambda edition: -edition.number)


def lines(kind: ResourceKind, content: bytes) -> list[str]:
    """What a template says, line by line; a document's lines are its paragraphs."""
    if kind is ResourceKind.DOCUMENT:
        return [word.text_of(each) for each in word.paragraphs(word.opened(content))]
    return content.decode().splitlines()


def merge_fields(kind: ResourceKind, content: bytes) -> list[str]:
    """The expressions that a template fills in, each once, in their order."""
    found = (
        [each.field for each in word.merge_fields(content)]
        if kind is ResourceKind.DOCUMENT
        else [match[1].strip() for match in MERGE_FIELD.finditer(content.decode())]
    )
    return list(dict.fromkeys(found))


def _once(uses: list[Use]) -> Iterator[Use]:
    seen = set()
    for use in uses:
        where = (use.version.id, use.element.id)
        if where not in seen:
            seen.add(where)
            yield use
