"""One file of the workshop: its editor, and its text beside the published one."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from functools import lru_cache

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Client
from broker_crm.definitions.models import DraftFile, ResourceKind
from broker_crm.definitions.places import FileKey, place_of
from broker_crm.definitions.published import latest_versions
from broker_crm.definitions.translations import read_catalogue
from broker_crm.definitions.workspace import files
from broker_crm.definitions.workspace.publishing import is_stale
from broker_crm.preparation import ROOT
from broker_crm.process.models import ProcessInstance
from broker_crm.web import database, names, staff, times
from broker_crm.web.design import words
from broker_crm.web.design.blueprint import FILE, blueprint, designs, key_from
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person

TEMPLATES = ROOT / "bpmn" / "element-templates"
EDITORS = {
    ResourceKind.DIAGRAM: "modeler",
    ResourceKind.DECISION: "decisions",
    ResourceKind.FORM: "forms",
    ResourceKind.LETTER: "texts",
    ResourceKind.SCRIPT: "texts",
    ResourceKind.TRANSLATION: "texts",
}
SPOKEN = frozenset({"name", "label", "description"})
"""What of an element template people read."""
PREVIEWED = (ResourceKind.LETTER, ResourceKind.SCRIPT)
CASES = 40
"""How many of the newest cases a preview offers."""


@blueprint.get(FILE)
def show(kind: str, name: str) -> ResponseReturnValue:
    session, key = database.current(), key_from(kind, name)
    content = files.content_of(session, key)
    draft = session.get(DraftFile, key)
    in_force = files.published(session).get(key)
    if content is None and draft is None:
        raise NotFound
    processes = _process_names(session)
    readonly = not designs(person()) or content is None or key[0] not in EDITORS
    view = {
        "kind": key[0].value,
        "name": key[1],
        "file": place_of(*key).name,
        "kind_name": words.kinds()[key[0]],
        "editor": EDITORS.get(key[0]),
        "may_change": designs(person()),
        "deleted": content is None,
        "draft": draft is not None,
        "published": in_force is not None,
        "version": f"{processes.get(in_force.process_key, in_force.process_key)} {in_force.number}"
        if in_force
        else "",
        "by": staff.name(session, draft.changed_by) if draft else "",
        "when": times.when(draft.changed_at) if draft else "",
        "stale": draft is not None
        and is_stale(key, draft, {key: in_force} if in_force is not None else {}),
        "seen": files.content_hash(content) if content is not None else "",
        "cases": _cases(session, in_force.process_key if in_force else "", processes)
        if key[0] in PREVIEWED
        else [],
        "source": _source(session, key, content, readonly),
    }
    return render_template("design/file.html", view=view)


@blueprint.get(f"{FILE}/compare")
def compare(kind: str, name: str) -> ResponseReturnValue:
    """The draft beside the published text, line by line."""
    session, key = database.current(), key_from(kind, name)
    ours, theirs = files.content_of(session, key), files.published_content(session, key)
    if ours is None and theirs is None:
        raise NotFound
    lines = difflib.unified_diff(
        _lines(theirs), _lines(ours), _("published"), _("draft"), n=3, lineterm=""
    )
    view = {
        "file": place_of(*key).name,
        "back": url_for("design.show", kind=kind, name=name),
        "lines": [(_tone(line), line) for line in list(lines)[2:5000]],
        "text": key[0] is not ResourceKind.DOCUMENT,
    }
    return render_template("design/compare.html", view=view)


@lru_cache(maxsize=2)
def element_templates(language: str) -> tuple[object, ...]:
    """The product's element templates, as the desktop modeler has them too.

    Args:
        language: of their names and descriptions; Lithuanian is theirs.
    """
    catalogue = TEMPLATES / "translations" / f"{language}.po"
    words = read_catalogue(catalogue.read_bytes()) if catalogue.exists() else {}
    return tuple(
        _translated(json.loads(path.read_text()), words)
        for path in sorted(TEMPLATES.glob("*.json"))
    )


def _translated(part: object, words: Mapping[str, str]) -> object:
    if isinstance(part, list):
        return [_translated(each, words) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        name: words.get(value, value)
        if name in SPOKEN and isinstance(value, str)
        else _translated(value, words)
        for name, value in part.items()
    }


def _source(
    session: Session, key: FileKey, content: bytes | None, readonly: bool
) -> dict[str, object]:
    kind, name = key[0].value, key[1]
    text = (content or b"").decode(errors="replace") if key[0] in EDITORS else ""
    is_diagram = key[0] is ResourceKind.DIAGRAM
    keys = files.published(session).keys() | files.drafts(session).keys() if is_diagram else ()
    return {
        "kind": kind,
        "name": name,
        "file": place_of(*key).name,
        "content": text,
        "seen": files.content_hash(content) if content is not None else None,
        "readonly": readonly,
        "language": str(get_locale()),
        "save": url_for("design.save", kind=kind, name=name),
        "check": url_for("design.check", kind=kind, name=name),
        "copy": url_for("design.copy", kind=kind, name=name),
        "preview": url_for("design.preview", kind=kind, name=name) if key[0] in PREVIEWED else None,
        "templates": list(element_templates(str(get_locale()))) if is_diagram else [],
        "formKeys": sorted(each for each_kind, each in keys if each_kind is ResourceKind.FORM),
        "decisionIds": [],
        "texts": _texts(),
    }


def _texts() -> dict[str, str]:
    return {
        "changed": _("Changed …"),
        "saving": _("Saving …"),
        "offline": _("Not saved: the server can't be reached. Trying again …"),
        "notChecked": _("The check did not answer."),
        "counts": _("Errors: {errors}, warnings: {warnings}"),
        "clean": _("Nothing found."),
        "cannotOpen": _("The editor can't open this file:"),
        "overview": _("Overview"),
    }


def _process_names(session: Session) -> dict[str, str]:
    """Names of the processes in force, by key, in the visitor's language."""
    return {
        version.process_key: names.name(session, version.id, version.name)
        for version in latest_versions(session)
    }


def _cases(
    session: Session, process_key: str, processes: Mapping[str, str]
) -> list[tuple[str, str]]:
    """The newest cases, those of the text's own process first."""
    rows = session.execute(
        select(ProcessInstance.id, Client.name, ProcessInstance.process_key)
        .join(Client, Client.id == ProcessInstance.client_id)
        .order_by(
            (ProcessInstance.process_key == process_key).desc(), ProcessInstance.started_at.desc()
        )
        .limit(CASES)
    )
    return [
        (str(identifier), f"{client} · {processes.get(process, process)}")
        for identifier, client, process in rows
    ]


def _lines(content: bytes | None) -> list[str]:
    return (content or b"").decode(errors="replace").splitlines()


def _tone(line: str) -> str:
    return {"+": "added", "-": "removed", "@": "place"}.get(line[:1], "same")
