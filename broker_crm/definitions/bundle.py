"""The files of one process version: the diagram and all that it refers to, under one hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.places import FileKey, files_under, place_of
from broker_crm.engine.decisions import read_decisions
from broker_crm.engine.definition import Source, process_keys
from broker_crm.engine.diagram import Diagram, read_diagram
from broker_crm.engine.dialect import Element, listed
from broker_crm.engine.errors import DiagramRefused, Refusal
from broker_crm.engine.sentences import said

TEMPLATE_KINDS = (ResourceKind.LETTER, ResourceKind.SCRIPT, ResourceKind.DOCUMENT)
HELP_TEMPLATES = {
    "letter": ResourceKind.LETTER,
    "script": ResourceKind.SCRIPT,
    "presentation": ResourceKind.DOCUMENT,
    "offer": ResourceKind.DOCUMENT,
    "contract": ResourceKind.DOCUMENT,
    "signature": ResourceKind.LETTER,
    "invitation": ResourceKind.LETTER,
    "cancellation": ResourceKind.LETTER,
}
HEADER_TEMPLATES = {
    "letter": ResourceKind.LETTER,
    "clientLetter": ResourceKind.LETTER,
    "document": ResourceKind.DOCUMENT,
    "attach": ResourceKind.DOCUMENT,
}
"""Job headers that name templates; `attach` may name several, separated by commas."""


@dataclass(frozen=True, slots=True)
class BundledFile:
    kind: ResourceKind
    name: str
    """File name for diagrams and decisions, form id, template key with language, language."""
    content: bytes

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class TemplateReference:
    """Where a diagram names a template."""

    kind: ResourceKind
    key: str
    element: Element


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that a process version consists of."""

    process_key: str
    name: str
    files: tuple[BundledFile, ...]
    elements: Mapping[str, Element] = field(default_factory=dict)

    @property
    def content_hash(self) -> str:
        """SHA-256 over the process id, and kind, name and hash of every file, in order."""
        digest = hashlib.sha256(f"{self.process_key}\n".encode())
        for file in sorted(self.files, key=lambda each: (each.kind, each.name)):
            digest.update(f"{file.kind}\0{file.name}\0{file.hash}\n".encode())
        return digest.hexdigest()

    def of(self, kind: ResourceKind) -> dict[str, bytes]:
        """Content by name of the files of one kind."""
        return {file.name: file.content for file in self.files if file.kind == kind}

    @property
    def source(self) -> Source:
        """What the engine reads."""
        return Source(
            self.process_key, self.of(ResourceKind.DIAGRAM), self.of(ResourceKind.DECISION)
        )


@dataclass(frozen=True, slots=True)
class Folder:
    """All that lies in `bpmn/` and `forms/`."""

    diagrams: Mapping[str, Diagram]
    diagram_files: Mapping[str, bytes]
    decision_files: Mapping[str, bytes]
    forms: Mapping[str, bytes]
    """By form id."""
    templates: Mapping[ResourceKind, Mapping[str, bytes]]
    """By kind, then by key with language, such as 'intro.lt'."""
    translations: Mapping[str, bytes]
    refusals: tuple[Refusal, ...]
    """Files that can't be read at all."""


def read_folder(root: Path) -> list[Bundle]:
    """One bundle for every executable process under `bpmn/`.

    Args:
        root: the folder that holds `bpmn/` and `forms/`.

    Raises:
        DiagramRefused: when a file can't be read.
    """
    folder = scan(root)
    if folder.refusals:
        raise DiagramRefused(list(folder.refusals))
    return list(bundles(folder))


def scan(root: Path) -> Folder:
    """Read all files of a folder; those that can't be read are among the refusals."""
    return arrange(files_under(root))


def arrange(files: Mapping[FileKey, bytes]) -> Folder:
    """The same for files that are kept elsewhere; those that can't be read are refusals.

    Args:
        files: by kind and name; a form's name is that of its file, as long as it has no other id.
    """
    refusals: list[Refusal] = []
    diagram_files = _of_kind(files, ResourceKind.DIAGRAM)
    diagrams: dict[str, Diagram] = {}
    for name, content in diagram_files.items():
        try:
            diagrams[name] = _diagram(content, name)
        except DiagramRefused as error:
            refusals.extend(error.refusals)
            continue
        if not diagrams[name].processes:
            refusals.extend(diagrams[name].refusals)
    refusals.extend(_repeated_processes(diagrams))
    decision_files = _of_kind(files, ResourceKind.DECISION)
    for name, content in decision_files.items():
        try:
            refusals.extend(_decisions(content, name)[1])
        except DiagramRefused as error:
            refusals.extend(error.refusals)
    forms: dict[str, bytes] = {}
    for name, content in _of_kind(files, ResourceKind.FORM).items():
        file = place_of(ResourceKind.FORM, name).name
        try:
            key = form_id(content)
        except ValueError as error:
            problem = said("The form can't be read: %(reason)s.", reason=str(error))
            mend = said("Save it again from the form editor; it needs an id.")
            refusals.append(Refusal(file, None, None, problem, mend, "form"))
            continue
        if key in forms:
            problem = said("Another file has a form with the id “%(key)s”.", key=key)
            mend = said("Give each form an id of its own.")
            refusals.append(Refusal(file, None, None, problem, mend, "form"))
        forms[key] = content
    return Folder(
        diagrams,
        diagram_files,
        decision_files,
        forms,
        {kind: _of_kind(files, kind) for kind in TEMPLATE_KINDS},
        _of_kind(files, ResourceKind.TRANSLATION),
        tuple(refusals),
    )


_diagram = lru_cache(maxsize=64)(read_diagram)
_decisions = lru_cache(maxsize=128)(read_decisions)


def form_id(content: bytes) -> str:
    """The id by which diagrams name a form.

    Raises:
        ValueError: when the file is no form.
    """
    try:
        return str(json.loads(content)["id"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _of_kind(files: Mapping[FileKey, bytes], kind: ResourceKind) -> dict[str, bytes]:
    return {name: content for (each, name), content in sorted(files.items()) if each is kind}


def _repeated_processes(diagrams: Mapping[str, Diagram]) -> Iterator[Refusal]:
    homes: dict[str, str] = {}
    for file, diagram in diagrams.items():
        for key, name in process_keys(diagram).items():
            if key in homes:
                problem = said(
                    "The process “%(key)s” is in %(file)s too.", key=key, file=homes[key]
                )
                mend = said("Give each process an id of its own.")
                yield Refusal(file, key, name, problem, mend, "unique-id")
            homes[key] = file


def bundles(folder: Folder) -> Iterator[Bundle]:
    """One bundle per executable process, with only what it refers to."""
    homes = {
        key: file for file, diagram in folder.diagrams.items() for key in process_keys(diagram)
    }
    called = {
        element.called_process
        for diagram in folder.diagrams.values()
        for element in diagram.elements.values()
        if element.type == "callActivity"
    }
    for key, file in sorted(homes.items()):
        name = process_keys(folder.diagrams[file])[key]
        if key not in called:
            yield _bundle(key, name, folder, homes)


def template_references(elements: Mapping[str, Element]) -> Iterator[TemplateReference]:
    """Templates that the diagram names in help properties and job headers."""
    for element in elements.values():
        for kind, key in element.help.items():
            if kind in HELP_TEMPLATES and not key.startswith("="):
                yield TemplateReference(HELP_TEMPLATES[kind], key, element)
        for header, kind in HEADER_TEMPLATES.items():
            written = element.headers.get(header, "")
            for key in [] if written.startswith("=") else listed(written):
                yield TemplateReference(kind, key, element)


def _bundle(key: str, name: str, folder: Folder, homes: Mapping[str, str]) -> Bundle:
    files = _closure(key, folder, homes)
    elements = {
        identifier: element
        for file in files
        for identifier, element in folder.diagrams[file].elements.items()
    }
    form_keys = {element.form_key for element in elements.values() if element.form_key}
    templates = {(each.kind, each.key) for each in template_references(elements)}
    bundled = [
        BundledFile(ResourceKind.DIAGRAM, file, folder.diagram_files[file]) for file in files
    ]
    bundled.extend(
        BundledFile(ResourceKind.DECISION, file, folder.decision_files[file])
        for file in _decision_files(elements, folder)
    )
    bundled.extend(
        BundledFile(ResourceKind.FORM, form, folder.forms[form])
        for form in sorted(form_keys)
        if form in folder.forms
    )
    for kind, by_name in folder.templates.items():
        bundled.extend(
            BundledFile(kind, stem, content)
            for stem, content in by_name.items()
            if (kind, stem.rsplit(".", 1)[0]) in templates
        )
    bundled.extend(
        BundledFile(ResourceKind.TRANSLATION, language, content)
        for language, content in folder.translations.items()
    )
    return Bundle(key, name, tuple(bundled), elements)


def _closure(key: str, folder: Folder, homes: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    waiting = [key]
    while waiting:
        file = homes.get(waiting.pop())
        if file is None or file in found:
            continue
        found.append(file)
        waiting.extend(
            element.called_process
            for element in folder.diagrams[file].elements.values()
            if element.called_process
        )
    return found


def _decision_files(elements: Mapping[str, Element], folder: Folder) -> list[str]:
    homes: dict[str, str] = {}
    requires: dict[str, tuple[str, ...]] = {}
    for file, content in folder.decision_files.items():
        try:
            decisions, _refusals = _decisions(content, file)
        except DiagramRefused:
            homes[file] = file
            continue
        for decision in decisions.values():
            homes[decision.id] = file
            requires[decision.id] = decision.requires
    waiting = [element.decision_id for element in elements.values() if element.decision_id]
    waiting += [name for element in elements.values() for name in element.asked_decisions]
    if any(decision.startswith("=") for decision in waiting):
        return sorted(folder.decision_files)
    found: set[str] = set()
    seen: set[str] = set()
    while waiting:
        decision_id = waiting.pop()
        if decision_id in seen or decision_id not in homes:
            continue
        seen.add(decision_id)
        found.add(homes[decision_id])
        waiting.extend(requires.get(decision_id, ()))
    return sorted(found)
