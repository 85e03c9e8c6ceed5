"""The questions' pages: the list, one question, a card for the list, tables to be saved."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from broker_crm.definitions import published
from broker_crm.definitions.models import ResourceKind
from broker_crm.web import database, paging, tables, times
from broker_crm.web.answers import asked, offer_lines, rows, scope, steps, view
from broker_crm.web.answers.asked import Asked
from broker_crm.web.answers.reply import Reply, reply
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person

blueprint = Blueprint("questions", __name__)

WHOLE = "all"
"""Shows all rows and cases that are listed."""
AT_ONCE = "at-once"
"""Answers all questions in one page, for browsers without scripts."""


@blueprint.get("/questions")
def listing() -> ResponseReturnValue:
    if again := paging.without_blanks():
        return again
    session = database.current()
    told = asked.read(session, request.args, others=(AT_ONCE,))
    page = view.listing(session, person(), told, AT_ONCE in request.args)
    return render_template("questions/listing.html", view=page), 422 if told.errors else 200


@blueprint.get("/questions/<question_id>")
def show(question_id: str) -> ResponseReturnValue:
    if again := paging.without_blanks():
        return again
    told = _told(question_id)
    session, user = database.current(), person()
    question = scope.question(user, question_id)
    page = view.show(session, user, question, told, whole=WHOLE in request.args)
    return render_template("questions/question.html", view=page), 422 if told.errors else 200


@blueprint.get("/questions/<question_id>/card")
def card(question_id: str) -> ResponseReturnValue:
    user, told = person(), _told(question_id)
    question = scope.question(user, question_id)
    if told.errors:
        raise NotFound
    answer = view.card(database.current(), user, question, told)
    return render_template("questions/card.html", answer=answer)


@blueprint.get("/questions/<question_id>/rows.<any(csv, xlsx):kind>")
def export_rows(question_id: str, kind: str) -> ResponseReturnValue:
    headings, lines = rows.exported(database.current(), _reply(question_id))
    return tables.answer(kind, _name(question_id), headings, lines)


@blueprint.get("/questions/<question_id>/cases.<any(csv, xlsx):kind>")
def export_cases(question_id: str, kind: str) -> ResponseReturnValue:
    found = _reply(question_id)
    headings, lines = view.exported_cases(database.current(), person(), found)
    return tables.answer(kind, f"{_name(question_id)}-bylos", headings, lines)


@blueprint.get("/questions/<question_id>/lines.<any(csv, xlsx):kind>")
def export_lines(question_id: str, kind: str) -> ResponseReturnValue:
    session, found = database.current(), _reply(question_id)
    lines = offer_lines.behind(session, person(), found, offer_lines.EXPORTED)
    if lines is None:
        raise NotFound
    headings, told = offer_lines.exported(session, lines)
    return tables.answer(kind, f"{_name(question_id)}-eilutes", headings, told)


@blueprint.get("/questions/diagrams/<process_key>/<int:number>")
def diagram(process_key: str, number: int) -> ResponseReturnValue:
    session = database.current()
    wanted = (process_key, number)
    for version in steps.versions(session):
        if (version.process_key, version.number) == wanted:
            file = published.compiled(session, version.id).file
            xml = published.resource(session, version.id, ResourceKind.DIAGRAM, file)
            return Response(xml, mimetype="application/xml")
    raise NotFound


def _told(question_id: str) -> Asked:
    user = person()
    question = scope.question(user, question_id)
    breakdowns = scope.breakdowns(user, question)
    return asked.read(
        database.current(),
        request.args,
        breakdowns,
        others=(WHOLE,),
        compares=scope.compares(user, question),
    )


def _reply(question_id: str) -> Reply:
    user, told = person(), _told(question_id)
    if told.errors:
        raise NotFound
    return reply(database.current(), user, scope.question(user, question_id), told)


def _name(question_id: str) -> str:
    return f"klausimas-{question_id[1:]}-{times.today().isoformat()}"
