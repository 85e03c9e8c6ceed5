"""Files in and out of the workshop: upload with findings at once, download of one or of all."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from broker_crm.definitions.checking import StillChecking, check
from broker_crm.definitions.findings import OF_THE_CHECK
from broker_crm.definitions.places import FileKey, place_of
from broker_crm.definitions.workspace import drafts, files
from broker_crm.definitions.workspace.errors import WorkspaceError
from broker_crm.definitions.workspace.transfer import Arrived, UploadRefused, packed, unpacked
from broker_crm.web import database
from broker_crm.web.design import words
from broker_crm.web.design.blueprint import FILE, LARGEST_UPLOAD, WAIT, blueprint, key_from
from broker_crm.web.errors import NotFound
from broker_crm.web.files import download as attachment
from broker_crm.web.sign_in import person

ZIP = "application/zip"


@blueprint.post("/upload")
def upload() -> ResponseReturnValue:
    """Uploaded files become drafts; each says what became of it, and what the linter finds."""
    sent = [
        (each.filename, each.stream.read(LARGEST_UPLOAD + 1))
        for each in request.files.getlist("files")
        if each.filename
    ]
    login = person().login
    database.reread()
    try:
        arrived = unpacked(sent)
    except UploadRefused as error:
        return _page([], words.sentence(error.sentence)), 422
    if not arrived:
        return _page([], _("Choose files, or a zip archive of them.")), 422
    rows = [_take(each, login) for each in arrived]
    return _page(rows, "")


@blueprint.get(f"{FILE}/download")
def download(kind: str, name: str) -> ResponseReturnValue:
    key = key_from(kind, name)
    content = files.content_of(database.current(), key)
    if content is None:
        raise NotFound
    return attachment(place_of(*key).name, "application/octet-stream", content)


@blueprint.get("/download")
def download_all() -> ResponseReturnValue:
    """All files as a zip archive in the layout of the folder."""
    contents = files.workspace_files(database.current())
    return attachment("broker_crm.zip", ZIP, packed(contents))


def _take(arrived: Arrived, login: str) -> dict[str, object]:
    row: dict[str, object] = {"path": arrived.path, "tone": "bad", "key": None}
    if arrived.key is None:
        row["told"] = _("No file of the workshop: only .bpmn, .dmn, .form, .md, .docx and .po are.")
        return row
    try:
        with database.writing() as session:
            there = files.content_of(session, arrived.key)
            seen = files.content_hash(there) if there is not None else None
            if there == arrived.content:
                return row | {"tone": "info", "told": _("The same as here."), "key": arrived.key}
            drafts.save(session, arrived.key, arrived.content, seen=seen, by=login)
    except WorkspaceError as error:
        row["told"] = words.told(database.current(), error)
        return row
    told = _("Changed: a draft now.") if there is not None else _("New: a draft now.")
    return row | {"tone": "good", "told": told, "key": arrived.key}


def _page(rows: list[dict[str, object]], refused: str) -> str:
    taken: set[FileKey] = {row["key"] for row in rows if row["key"]}  # type: ignore[misc]
    contents = files.workspace_files(database.current()) if taken else {}
    database.reread()
    places = words.addresses(contents)
    names = {place_of(*key).name for key in taken}
    try:
        found = (
            [words.finding(each, places) for each in check(contents, wait=WAIT)] if taken else []
        )
    except StillChecking:
        found = []
        refused = _("The check takes longer than usual; open a file to see what it finds.")
    findings = [each for each in found if each["file"] in names or each["rule"] in OF_THE_CHECK]
    for row in rows:
        key = row["key"]
        row["address"] = places.get(place_of(*key).name) if key else None  # type: ignore[misc]
    return render_template("design/upload.html", rows=rows, refused=refused, findings=findings)
