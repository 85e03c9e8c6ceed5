"""Limits on figures: “tell me when …” on a question's page, and the list of one's own limits."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from broker_crm.analysis import limits
from broker_crm.analysis.limits import MEASURES, LimitRefused, Wanted
from broker_crm.analysis.models import FigureLimit
from broker_crm.people.models import User
from broker_crm.web import database, times
from broker_crm.web.answers import addresses, asked, figures, kept_filters, limit_words, scope
from broker_crm.web.answers.filters import OF_NOW
from broker_crm.web.answers.sentences.saying import question as words_of
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person
from broker_crm.web.wording import Words, word

REFUSALS: Words = {
    "no-measure": _l("Choose the figure to be watched."),
    "no-period": _l("There is no such period."),
    "no-comparison": _l("Choose “above” or “below”."),
    "no-bound": _l("The bound must be a number, such as 20 or 2.5."),
    "no-least": _l("The least number of cases must be a whole number from 1."),
    "too-long": _l("These filters are too long to be saved."),
    "too-many": _l("You have too many limits. Delete one first."),
    "not-yours": _l("There is no such limit of yours."),
}

blueprint = Blueprint("limits", __name__)


def form(question: str, query: dict[str, str] | Any, limit: FigureLimit | None = None) -> Any:
    """What the fields of a limit show.

    Args:
        question: 'Q1' to 'Q14'.
        query: filters that go along, by name.
        limit: that is changed; None for a new one.
    """
    measures = MEASURES[question]
    return {
        "question": question,
        "query": kept_filters.kept(query),
        "measures": [
            (
                name,
                limit_words.measure(question, name)
                + (f", {told}" if (told := limit_words.unit_word(unit)) else ""),
            )
            for name, unit in measures.items()
        ],
        "measure": limit.measure if limit else "",
        "comparisons": [(each, word(limit_words.COMPARISON, each)) for each in limits.COMPARISONS],
        "comparison": limit.comparison if limit else "above",
        "bound": limit_words.typed(limit.bound, limit_words.unit_of(limit)) if limit else "",
        "periods": []
        if question in OF_NOW
        else [(each, word(limit_words.PERIOD, str(each))) for each in limits.PERIODS],
        "days": limit.days if limit else 30,
        "least": limit.least_n if limit else limits.USUAL_LEAST,
    }


@blueprint.get("/limits")
def listing() -> ResponseReturnValue:
    session, user = database.current(), person()
    rows = [_row(session, user, each) for each in limits.limits_of(session, user.login)]
    return render_template("limits/listing.html", rows=rows)


@blueprint.post("/questions/<question_id>/limits")
def add(question_id: str) -> ResponseReturnValue:
    user = person()
    question = scope.question(user, question_id)
    query = kept_filters.pairs(request.form.get("query", ""))
    told = asked.read(database.current(), query)
    if told.errors:
        raise NotFound
    try:
        wanted = _wanted(question.id)
        with database.writing() as session:
            limits.add(session, user.login, question.id, kept_filters.kept(told.query), wanted)
    except LimitRefused as refused:
        flash(word(REFUSALS, refused.code), "bad")
        return redirect(addresses.of_question(question.id, told.query), 303)
    flash(_("You will be told in the bell and by mail."), "good")
    return redirect(url_for("limits.listing"), 303)


@blueprint.post("/limits/<int:limit_id>/change")
def change(limit_id: int) -> ResponseReturnValue:
    user = person()
    try:
        with database.writing() as session:
            limit = session.get(FigureLimit, limit_id)
            if limit is None or limit.owner != user.login:
                raise NotFound
            limits.change(session, user.login, limit_id, _wanted(limit.question))
    except LimitRefused as refused:
        flash(word(REFUSALS, refused.code), "bad")
    else:
        flash(_("The limit is changed and armed again."), "good")
    return redirect(url_for("limits.listing"), 303)


@blueprint.post("/limits/<int:limit_id>/delete")
def delete(limit_id: int) -> ResponseReturnValue:
    try:
        with database.writing() as session:
            limits.delete(session, person().login, limit_id)
    except LimitRefused as refused:
        raise NotFound from refused
    flash(_("The limit is deleted."), "good")
    return redirect(url_for("limits.listing"), 303)


def _wanted(question: str) -> Wanted:
    told = request.form
    measure = told.get("measure", "")
    if measure not in MEASURES[question]:
        raise LimitRefused("no-measure")
    try:
        bound = limit_words.read(told.get("bound", ""), MEASURES[question][measure])
    except ValueError as error:
        raise LimitRefused("no-bound") from error
    return Wanted(
        _whole(told.get("days", str(limits.PERIODS[0])), "no-period"),
        measure,
        told.get("comparison", ""),
        bound,
        _whole(told.get("least", ""), "no-least"),
    )


def _whole(text: str, code: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise LimitRefused(code)
    return int(text)


def _row(session: Session, user: User, limit: FigureLimit) -> dict[str, Any]:
    pairs = kept_filters.pairs(limit.query)
    state = limit_words.state(limit)
    may_ask = limit.question in {each.id for each in scope.questions(user)}
    return {
        "id": limit.id,
        "condition": limit_words.condition(limit),
        "question": words_of(limit.question),
        "address": addresses.of_question(limit.question, pairs) if may_ask else None,
        "scope": limit_words.scope(session, limit),
        "state": word(limit_words.STATE, state),
        "tone": limit_words.TONE[state],
        "since": limit_words.since(limit),
        "value": figures.figure(limit.last_value, limit_words.unit_of(limit)),
        "n": "–" if limit.last_n is None else figures.number(limit.last_n),
        "checked": times.when(limit.last_checked_at),
        "form": form(limit.question, pairs, limit),
    }
