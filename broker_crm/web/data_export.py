"""All that is held about a client, for the person: as a page, as JSON, as PDF."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from broker_crm import clock
from broker_crm.crm import data_export, personal_codes
from broker_crm.outreach import data_sheet, pdf
from broker_crm.web import database, times
from broker_crm.web.client_records import known
from broker_crm.web.errors import NotFound
from broker_crm.web.files import download
from broker_crm.web.sign_in import person
from broker_crm.web.wording import CLIENT_FIELD, EXPORTED, MOVED, word

FORMS = ("html", "json", "pdf")
blueprint = Blueprint("data_export", __name__)


@blueprint.post("/clients/<int:client_id>/export")
def export(client_id: int) -> ResponseReturnValue:
    name, login, form = known(client_id).name, person().login, request.form.get("form", "html")
    if form not in FORMS:
        raise NotFound
    with database.writing() as session:
        try:
            found = data_export.export(session, client_id, by=login)
        except personal_codes.CannotOpen:
            raise NotFound from None
    if form == "json":
        content = orjson.dumps(found, option=orjson.OPT_INDENT_2)
        return download(f"client-{client_id}.json", "application/json", content)
    sections = _sections(found)
    if form == "pdf":
        title = _("Data held about %(name)s", name=name)
        drawn = data_sheet.drawn(title, sections, str(get_locale()), clock.now())
        return download(f"client-{client_id}.pdf", pdf.MEDIA_TYPE, drawn)
    view = {
        "client_id": client_id,
        "name": name,
        "sections": sections,
        "when": times.when(clock.now()),
    }
    return render_template("data_export.html", view=view)


def _sections(found: dict[str, Any]) -> list[data_sheet.Section]:
    """The export as headings and lines; tables without rows are left out."""
    own = [[(_name(key), _text(value)) for key, value in found["client"].items() if value]]
    sections = [data_sheet.Section(_("Client"), own)]
    for key, rows in found.items():
        if not isinstance(rows, list) or not rows:
            continue
        lines = [[(_name(name), _text(value)) for name, value in row.items()] for row in rows]
        sections.append(data_sheet.Section(word(MOVED, key), lines))
    return sections


def _name(key: str) -> str:
    found = CLIENT_FIELD.get(key) or EXPORTED.get(key)
    return str(found) if found is not None else key.replace("_", " ")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (dict, list)):
        return orjson.dumps(value).decode()
    return str(value)
