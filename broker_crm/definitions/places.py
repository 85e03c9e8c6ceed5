"""Where each kind of file lies under `bpmn/` and `forms/`, and which file a path is."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from broker_crm.definitions.models import ResourceKind

FileKey = tuple[ResourceKind, str]
"""A file's kind and its name there: file name for diagrams and decision tables, file name without
ending for forms, key with language for templates, language for translations."""

FOLDERS = {
    ResourceKind.DIAGRAM: "bpmn",
    ResourceKind.DECISION: "bpmn",
    ResourceKind.FORM: "forms",
    ResourceKind.LETTER: "forms/letters",
    ResourceKind.SCRIPT: "forms/scripts",
    ResourceKind.DOCUMENT: "forms/documents",
    ResourceKind.TRANSLATION: "forms/translations",
}
SUFFIXES = {
    ResourceKind.DIAGRAM: ".bpmn",
    ResourceKind.DECISION: ".dmn",
    ResourceKind.FORM: ".form",
    ResourceKind.LETTER: ".md",
    ResourceKind.SCRIPT: ".md",
    ResourceKind.DOCUMENT: ".docx",
    ResourceKind.TRANSLATION: ".po",
}
NAMED_WITH_SUFFIX = frozenset({ResourceKind.DIAGRAM, ResourceKind.DECISION})
TEMPLATE_SUFFIXES = {
    kind: SUFFIXES[kind]
    for kind in (ResourceKind.LETTER, ResourceKind.SCRIPT, ResourceKind.DOCUMENT)
}
WORD_LOCK = "~$"
"""How the files begin that Word lays beside an open document."""


def place_of(kind: ResourceKind, name: str) -> PurePosixPath:
    """The path of a file under the project's folder."""
    suffix = "" if kind in NAMED_WITH_SUFFIX else SUFFIXES[kind]
    return PurePosixPath(FOLDERS[kind]) / f"{name}{suffix}"


def key_of(path: PurePosixPath) -> FileKey | None:
    """The file that a path under the project's folder is; None for any other."""
    for kind, folder in FOLDERS.items():
        suffix = SUFFIXES[kind]
        if str(path.parent) == folder and path.suffix == suffix:
            return kind, path.name if kind in NAMED_WITH_SUFFIX else path.name.removesuffix(suffix)
    return None


def files_under(root: Path) -> dict[FileKey, bytes]:
    """All files of a folder that holds `bpmn/` and `forms/`, by kind and name."""
    found: dict[FileKey, bytes] = {}
    for kind, folder in FOLDERS.items():
        place = root / folder
        for path in sorted(place.glob(f"*{SUFFIXES[kind]}")) if place.is_dir() else ():
            key = key_of(PurePosixPath(folder) / path.name)
            if key is not None and not path.name.startswith(WORD_LOCK) and path.is_file():
                found[key] = path.read_bytes()
    return found
