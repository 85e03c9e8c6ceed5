"""Import of clients and policies: upload, mapping, dry run, bringing in, taking back."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm import importing
from broker_crm.crm.importing.planning import PlannedRow
from broker_crm.crm.models import ImportBatch, Product
from broker_crm.web import cases, commands, database, staff, times
from broker_crm.web.errors import NotFound
from broker_crm.web.form_messages import sentences
from broker_crm.web.register_forms import Sent
from broker_crm.web.sign_in import person
from broker_crm.web.wording import IMPORT_ACTION, IMPORT_FIELD, IMPORT_KIND, IMPORT_STATE, word

SHOWN = 200
LARGEST = importing.MOST_BYTES + 100_000
TONES = {"imported": "good", "undone": "late", "given-up": "info", "read": "today"}
ROW_TONES = {"created": "good", "updated": "today", "unchanged": "info"}

blueprint = Blueprint("imports", __name__)


def set_up(app: Flask) -> None:
    """Files may be larger than other requests; to be called before forms are checked."""

    @app.before_request
    def _allow_a_file() -> None:
        if request.endpoint == "imports.receive":
            request.max_content_length = LARGEST


@blueprint.get("/imports")
def listing() -> ResponseReturnValue:
    return _listing(None)


@blueprint.post("/imports")
def receive() -> ResponseReturnValue:
    file, kind = request.files.get("file"), request.form.get("kind", "")
    if kind not in importing.FIELDS or file is None or not file.filename:
        return _listing(_("Choose a file, and say what is in it.")), 422
    try:
        with database.writing() as session:
            batch = importing.receive(
                session, kind, file.filename, file.stream.read(), by=person().login
            )
            batch_id = batch.id
    except importing.Unreadable as error:
        return _listing(_why_unreadable(error.code)), 422
    return redirect(url_for("imports.show", batch_id=batch_id), 303)


@blueprint.get("/imports/<uuid:batch_id>")
def show(batch_id: UUID) -> ResponseReturnValue:
    return _page(batch_id, None)


@blueprint.post("/imports/<uuid:batch_id>/mapping")
def remap(batch_id: UUID) -> ResponseReturnValue:
    _known(database.current(), batch_id)
    database.reread()
    try:
        with database.writing() as session:
            importing.remap(session, batch_id, request.form)
    except importing.ImportRefused as error:
        return _page(batch_id, _why_refused(error)), 409
    return redirect(url_for("imports.show", batch_id=batch_id, _anchor="rows"), 303)


@blueprint.post("/imports/<uuid:batch_id>/bring-in")
def bring_in(batch_id: UUID) -> ResponseReturnValue:
    _known(database.current(), batch_id)
    sent = Sent()
    sell = sent.number("product_id") if request.form.get("start") == "yes" else None
    if request.form.get("start") == "yes" and (
        sell is None or database.current().get(Product, sell) is None
    ):
        return _page(batch_id, _("Say which product is to be sold.")), 422
    database.reread()
    try:
        with database.writing() as session:
            batch = importing.bring_in(session, batch_id, sell=sell)
            brought = batch.created + batch.updated
    except importing.ImportRefused as error:
        return _page(batch_id, _why_refused(error)), 409
    commands.ring()
    text = ngettext("%(num)s record was brought in.", "%(num)s records were brought in.", brought)
    flash(text, "good")
    return redirect(url_for("imports.show", batch_id=batch_id), 303)


@blueprint.post("/imports/<uuid:batch_id>/undo")
def undo(batch_id: UUID) -> ResponseReturnValue:
    _known(database.current(), batch_id)
    database.reread()
    try:
        with database.writing() as session:
            importing.undo(session, batch_id, by=person().login)
    except importing.ImportRefused as error:
        return _page(batch_id, _why_refused(error)), 409
    flash(_("The import was taken back."), "good")
    return redirect(url_for("imports.show", batch_id=batch_id), 303)


@blueprint.post("/imports/<uuid:batch_id>/give-up")
def give_up(batch_id: UUID) -> ResponseReturnValue:
    _known(database.current(), batch_id)
    database.reread()
    try:
        with database.writing() as session:
            importing.give_up(session, batch_id)
    except importing.ImportRefused as error:
        return _page(batch_id, _why_refused(error)), 409
    flash(_("The file was thrown away; nothing was brought in."), "good")
    return redirect(url_for("imports.listing"), 303)


def _known(session: Session, batch_id: UUID) -> ImportBatch:
    batch = session.get(ImportBatch, batch_id)
    if batch is None:
        raise NotFound
    return batch


def _listing(wrong: str | None) -> str:
    session = database.current()
    batches = session.scalars(select(ImportBatch).order_by(ImportBatch.at.desc()).limit(SHOWN))
    rows = [_row(session, each) for each in batches]
    return render_template("imports.html", rows=rows, wrong=wrong, kinds=IMPORT_KIND)


def _row(session: Session, batch: ImportBatch) -> dict[str, object]:
    return {
        "id": batch.id,
        "file": batch.file_name,
        "kind": word(IMPORT_KIND, batch.kind),
        "state": word(IMPORT_STATE, batch.state),
        "tone": TONES[batch.state],
        "by": staff.name(session, batch.by),
        "at": times.when(batch.at),
        "created": batch.created,
        "updated": batch.updated,
        "unchanged": batch.unchanged,
    }


def _page(batch_id: UUID, refused: str | None) -> str:
    session = database.current()
    batch = _known(session, batch_id)
    view = {
        **_row(session, batch),
        "refused": refused,
        "open": batch.state == "read",
        "may_undo": batch.state == "imported",
        "clients": batch.kind == "clients",
        "started": batch.start_process is not None,
    }
    if batch.state == "read" and batch.content is not None:
        view |= _dry_run(session, batch)
        products = session.scalars(select(Product).order_by(Product.name))
        view["products"] = [(each.id, cases.product_name(each)) for each in products]
    return render_template("import.html", view=view)


def _dry_run(session: Session, batch: ImportBatch) -> dict[str, object]:
    assert batch.content is not None
    table = importing.read(batch.content)
    plan = importing.plan(session, batch.kind, table, batch.mapping)
    rows = sorted(plan.rows, key=lambda row: (not row.errors, row.number))
    return {
        "columns": table.columns,
        "encoding": {"xlsx": "Excel", "cp1257": "Windows-1257"}.get(table.encoding, "UTF-8"),
        "fields": [
            {
                "key": field.key,
                "name": word(IMPORT_FIELD, field.key),
                "required": field.required,
                "column": batch.mapping.get(field.key, ""),
                "example": _example(table, batch.mapping.get(field.key)),
            }
            for field in importing.FIELDS[batch.kind]
        ],
        "missing": [word(IMPORT_FIELD, key) for key in plan.missing],
        "counts": [
            (word(IMPORT_ACTION, action), plan.count(action))
            for action in ("created", "updated", "unchanged")
        ],
        "faulty": len(plan.faulty),
        "ready": plan.may_be_imported,
        "total": len(rows),
        "rows": [_planned(row) for row in rows[:SHOWN]],
        "more": max(0, len(rows) - SHOWN),
    }


def _example(table: importing.Table, column: str | None) -> str:
    """What stands in the first filled cell of a column."""
    if column not in table.columns:
        return ""
    place = table.columns.index(column)
    return next((cells[place][:60] for _number, cells in table.rows if cells[place]), "")


def _planned(row: PlannedRow) -> dict[str, object]:
    known = sentences()
    return {
        "number": row.number,
        "shown": row.shown,
        "action": _("Wrong") if row.errors else word(IMPORT_ACTION, row.action),
        "tone": "late" if row.errors else ROW_TONES[row.action],
        "errors": [
            (word(IMPORT_FIELD, key), known[error.code] % dict(error.params))
            for key, error in row.errors.items()
        ],
        "changes": [
            (word(IMPORT_FIELD, key), _shown(before), _shown(row.values[key]))
            for key, before in row.before.items()
        ],
    }


def _shown(value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


def _why_unreadable(code: str) -> str:
    return {
        "tooBig": _("The file is too big: divide it into files of at most 10 MB."),
        "tooManyRows": _("The file has too many rows: divide it into files of at most 20 000."),
        "notATable": _("This is no table: save it as CSV or XLSX, and choose that file."),
        "noRows": _("The file has no rows beneath its heading."),
        "sameColumn": _("Two columns have the same heading: rename one of them."),
    }[code]


def _why_refused(error: importing.ImportRefused) -> str:
    if error.code in ("faulty", "builtOn"):
        places = ", ".join(error.places[:20]) + ("…" if len(error.places) > 20 else "")
        if error.code == "faulty":
            return _("Nothing was brought in: mend these rows first: %(rows)s.", rows=places)
        return _(
            "Nothing was taken back: people have worked with the records of these rows: %(rows)s.",
            rows=places,
        )
    return {
        "missing": _("Nothing was brought in: say which columns hold the required fields."),
        "notOpen": _("This file was brought in or thrown away already."),
        "notImported": _("This file was not brought in, or was taken back already."),
    }[error.code]
