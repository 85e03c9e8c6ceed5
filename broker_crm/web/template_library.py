"""Templates: letters, scripts and documents by step, their wordings, and how they look."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.definitions import templates, text_changes
from broker_crm.definitions.models import ResourceKind
from broker_crm.outreach import pdf
from broker_crm.people.models import User
from broker_crm.web import (
    database,
    field_names,
    files,
    names,
    paging,
    staff,
    template_preview,
    times,
)
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person
from broker_crm.web.wording import LANGUAGE, TEMPLATE_KIND, word

KINDS = ", ".join(templates.KINDS)
ADDRESS = f"/templates/<any({KINDS}):kind>/<key>"

blueprint = Blueprint("template_library", __name__)


@blueprint.get("/templates")
def listing() -> ResponseReturnValue:
    session = database.current()
    kind, process = request.args.get("kind", ""), request.args.get("process", "")
    search = paging.search_text().casefold()
    found = [_row(session, each) for each in templates.in_use(session)]
    processes = {use["process_key"]: use["process"] for row in found for use in row["uses"]}
    view = {
        "search": paging.search_text(),
        "kind": kind,
        "process": process,
        "kinds": [("", _("All")), *((key, word(TEMPLATE_KIND, key)) for key in templates.KINDS)],
        "processes": [("", _("All")), *sorted(processes.items(), key=lambda item: item[1])],
        "rows": [
            row
            for row in found
            if kind in ("", row["kind"])
            and (not process or any(use["process_key"] == process for use in row["uses"]))
            and search in row["searched"]
        ],
    }
    return render_template("template_library.html", view=view)


@blueprint.get(ADDRESS)
def show(kind: str, key: str) -> ResponseReturnValue:
    session, user = database.current(), person()
    template = _found(session, kind, key)
    language = _language(template)
    wordings = templates.editions(session, template.kind, key, language)
    chosen = template_preview.Choice.of_request(template, language)
    view = {
        **_row(session, template),
        "language": language,
        "languages": [(each, word(LANGUAGE, each)) for each in template.languages],
        "lines": templates.lines(template.kind, wordings[0].content),
        "fields": field_names.explained(
            session,
            {use.version.id for use in template.uses},
            templates.merge_fields(template.kind, wordings[0].content),
        ),
        "wordings": [_wording(session, each) for each in wordings],
        "changes": _changes(template.kind, wordings),
        "preview": template_preview.view(session, user, template, chosen),
    }
    return render_template("template.html", view=view)


@blueprint.get(f"{ADDRESS}.pdf")
def drawn(kind: str, key: str) -> ResponseReturnValue:
    """A document, filled in as on the page; to be saved."""
    made = _document(database.current(), person(), kind, key)
    return files.download(made.name("pdf"), pdf.MEDIA_TYPE, made.pdf(clock.now()))


@blueprint.get(f"{ADDRESS}/page-<int:number>.png")
def page(kind: str, key: str, number: int) -> ResponseReturnValue:
    """One page of a document, to be looked at."""
    made = _document(database.current(), person(), kind, key)
    pages = pdf.pictures(made.content, made.language, clock.now())
    if not 1 <= number <= len(pages):
        raise NotFound
    return Response(pages[number - 1], mimetype="image/png")


def _document(session: Session, user: User, kind: str, key: str) -> Any:
    template = _found(session, kind, key)
    chosen = template_preview.Choice.of_request(template, _language(template))
    made = template_preview.filled(session, user, template, chosen).document
    if made is None:
        raise NotFound
    return made


def _found(session: Session, kind: str, key: str) -> templates.Template:
    for template in templates.in_use(session):
        if (template.kind, template.key) == (kind, key):
            return template
    raise NotFound


def _language(template: templates.Template) -> str:
    for wanted in (request.args.get("language"), str(get_locale())):
        if wanted in template.languages:
            return str(wanted)
    return template.languages[0]


def _row(session: Session, template: templates.Template) -> dict[str, Any]:
    uses = [
        {
            "process_key": use.version.process_key,
            "process": names.name(session, use.version.id, use.version.name),
            "version": use.version.number,
            "step": names.name(session, use.version.id, use.element.name) or use.element.id,
            "by_itself": use.element.type != "userTask",
        }
        for use in template.uses
    ]
    searched = " ".join([template.key, *(f"{use['process']} {use['step']}" for use in uses)])
    return {
        "kind": str(template.kind),
        "kind_name": word(TEMPLATE_KIND, template.kind),
        "key": template.key,
        "spoken": ", ".join(each.upper() for each in template.languages),
        "uses": uses,
        "searched": searched.casefold(),
    }


def _wording(session: Session, edition: templates.Edition) -> dict[str, Any]:
    first = edition.versions[0]
    return {
        "number": edition.number,
        "since": times.when(edition.since),
        "author": staff.name(session, first.author),
        "note": first.note,
        "versions": [
            f"{names.name(session, each.id, each.name)} {each.number}" for each in edition.versions
        ],
    }


def _changes(kind: ResourceKind, wordings: list[templates.Edition]) -> dict[str, Any] | None:
    """What changed from one wording to a later one; None when there is only one."""
    by_number = {each.number: each for each in wordings}
    newest = max(by_number)
    to = request.args.get("to", newest, type=int)
    since = request.args.get("from", to - 1, type=int)
    if since not in by_number or to not in by_number or since == to:
        return None
    before, after = (templates.lines(kind, by_number[each].content) for each in (since, to))
    return {"from": since, "to": to, "lines": text_changes.changes(before, after)}
