"""The workshop's first page: processes and files with their state, and what the linter finds."""

from __future__ import annotations

from collections.abc import Mapping

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from broker_crm.definitions.bundle import arrange
from broker_crm.definitions.checking import StillChecking, check
from broker_crm.definitions.findings import Severity
from broker_crm.definitions.models import DraftFile, ResourceKind
from broker_crm.definitions.places import FileKey, place_of
from broker_crm.definitions.workspace import files
from broker_crm.definitions.workspace.publishing import is_stale, processes
from broker_crm.engine.definition import process_keys
from broker_crm.engine.diagram import Diagram
from broker_crm.web import database, staff, times
from broker_crm.web.design import words
from broker_crm.web.design.blueprint import WAIT, blueprint, designs
from broker_crm.web.sign_in import person


@blueprint.get("")
def listing() -> ResponseReturnValue:
    session = database.current()
    in_force, drafts = files.published(session), files.drafts(session)
    contents = files.workspace_files(session)
    folder = arrange(contents)
    view = {
        "may_change": designs(person()),
        "processes": [
            {
                "key": each.key,
                "name": words.process_name(session, each),
                "number": each.latest.number if each.latest else None,
                "published": times.when(each.latest.published_at) if each.latest else "",
                "by": staff.name(session, each.latest.author) if each.latest else "",
                "note": each.latest.note if each.latest else "",
                "changed": [place_of(*key).name for key in each.changed_files(in_force)]
                if each.changed
                else [],
                "is_changed": each.changed,
                "diagram": _diagram(each.key, folder.diagrams),
            }
            for each in processes(session, folder)
        ],
        "groups": _groups(session, in_force, drafts),
        "drafts": len(drafts),
    }
    return render_template("design/listing.html", view=view)


@blueprint.get("/findings")
def findings() -> ResponseReturnValue:
    """What the linter finds in the whole workspace, as a part of the page."""
    contents = files.workspace_files(database.current())
    database.reread()
    try:
        found = check(contents, wait=WAIT)
    except StillChecking:
        return render_template("design/still_checking.html")
    places = words.addresses(contents)
    errors = sum(each.severity is Severity.ERROR for each in found)
    return render_template(
        "design/findings.html",
        findings=[words.finding(each, places) for each in found[:200]],
        errors=errors,
        warnings=len(found) - errors,
    )


def _groups(
    session: Session,
    in_force: dict[FileKey, files.Published],
    drafts: dict[FileKey, DraftFile],
) -> list[dict[str, object]]:
    keys = sorted(in_force.keys() | drafts.keys())
    return [
        {
            "kind": kind.value,
            "name": name,
            "files": [
                _row(session, key, in_force.get(key), drafts.get(key))
                for key in keys
                if key[0] is kind
            ],
        }
        for kind, name in words.groups().items()
    ]


def _row(
    session: Session, key: FileKey, there: files.Published | None, draft: DraftFile | None
) -> dict[str, object]:
    return {
        "name": place_of(*key).name,
        "address": url_for("design.show", kind=key[0].value, name=key[1]),
        "published": f"{there.process_key} {there.number}" if there else "",
        "draft": draft is not None,
        "deleted": draft is not None and draft.deleted,
        "new": draft is not None and there is None,
        "stale": draft is not None
        and is_stale(key, draft, {key: there} if there is not None else {}),
        "by": staff.name(session, draft.changed_by) if draft else "",
        "when": times.when(draft.changed_at) if draft else "",
    }


def _diagram(process_key: str, diagrams: Mapping[str, Diagram]) -> str:
    for name, diagram in diagrams.items():
        if process_key in process_keys(diagram):
            return url_for("design.show", kind=ResourceKind.DIAGRAM.value, name=name)
    return ""
