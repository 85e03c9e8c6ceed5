"""What the questions' pages show: the list, one answer on a card, one answer in full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.analysis.questions import Question
from broker_crm.people.models import User
from broker_crm.web import staff
from broker_crm.web.answers import (
    addresses,
    figures,
    filters,
    heat,
    kept_filters,
    labels,
    limits,
    linked,
    offer_lines,
    pictures,
    places,
    rows,
    scope,
    steps,
)
from broker_crm.web.answers.asked import Asked
from broker_crm.web.answers.captions import BEHIND, TREND, TREND_UNIT, VALUE
from broker_crm.web.answers.dimensions import DIMENSION
from broker_crm.web.answers.reply import Reply, reply
from broker_crm.web.answers.sentences.improvement import advice
from broker_crm.web.answers.sentences.saying import counted
from broker_crm.web.answers.sentences.saying import question as words_of
from broker_crm.web.answers.sentences.telling import sentence
from broker_crm.web.tables import Cell
from broker_crm.web.wording import word

ADVICE = 5
SHOWN = 20
"""Cases before all are asked for."""


def listing(session: Session, user: User, told: Asked, at_once: bool) -> dict[str, Any]:
    """The list of questions; answers come later, or all at once."""
    own = scope.own_only(user)
    person = user.login if own else told.part.person
    place = {"endpoint": "questions.listing", "arguments": {}}
    return {
        "name": staff.name(session, person) if person else "",
        "own": own,
        "filters": filters.view(session, user, told, told.part, place),
        "weekly": addresses.made("reports.show", kept_filters.pairs(kept_filters.kept(told.query))),
        "at_once": addresses.made("questions.listing", {**told.query, "at-once": "yes"}),
        "questions": [
            {
                "id": each.id,
                "number": each.id[1:],
                "question": words_of(each.id),
                "address": addresses.of_question(each.id, told.query),
                "card": addresses.made("questions.card", {"question_id": each.id, **told.query}),
                "answer": card(session, user, each, told) if at_once and not told.errors else None,
            }
            for each in scope.questions(user)
        ],
    }


def card(session: Session, user: User, asked_question: Question, told: Asked) -> dict[str, Any]:
    """One answer as the list shows it."""
    found = reply(session, user, asked_question, told)
    return {**_head(found), "spark": pictures.spark(found.answer.trend)}


def show(
    session: Session, user: User, asked_question: Question, told: Asked, *, whole: bool
) -> dict[str, Any]:
    """One answer in full; its first rows and cases, or the whole tables."""
    place = {"endpoint": "questions.show", "arguments": {"question_id": asked_question.id}}
    part = scope.within(session, user, asked_question.id, told.part)
    kept = {name: text for name, text in told.query.items() if name != "by"}
    onward = addresses.carried(told.query)
    base = {
        "id": asked_question.id,
        "number": asked_question.id[1:],
        "question": words_of(asked_question.id),
        "back": addresses.of_list(told.query),
        "filters": filters.view(session, user, told, part, place, asked_question.id),
        "others": [
            (
                each.id[1:],
                words_of(each.id),
                addresses.of_question(each.id, onward),
                each.id == asked_question.id,
            )
            for each in scope.questions(user)
        ],
    }
    if told.errors:
        return {**base, "answer": None}
    found = reply(session, user, asked_question, told)
    answer = found.answer
    lines = offer_lines.behind(session, user, found)
    definition, source = counted(answer.id)
    unit = TREND_UNIT.get(answer.id, answer.unit)
    return {
        **base,
        "answer": _head(found),
        "limit": limits.form(answer.id, told.query),
        "definition": definition,
        "source": source,
        "trend_title": word(TREND, answer.id) if answer.id in TREND else "",
        "trend": pictures.trend(answer.trend, unit),
        "breakdowns": [
            (by, word(DIMENSION, by), by == answer.by)
            for by in scope.breakdowns(user, asked_question)
            if by != "version" or told.part.process is not None
        ],
        "kept": kept,
        "table": rows.view(session, user, found, told.query, whole=whole),
        "whole": addresses.of_question(answer.id, told.query, all="yes"),
        "load": rows.load(session, found),
        "heat": _heat(session, found, told.query),
        "advice": [
            (sentence(advice(session, row)), linked.to_what_if(session, user, row))
            for row in answer.rows[:ADVICE]
        ]
        if answer.id == "Q14"
        else [],
        "cases": None if lines else _cases(session, user, found, whole=whole),
        "lines_title": word(BEHIND, answer.id),
        "lines": offer_lines.view(session, lines, at_most=None if whole else SHOWN),
        "export": {
            (what, kind): addresses.made(
                f"questions.{what}", {"question_id": answer.id, "kind": kind, **told.query}
            )
            for what in ("export_rows", "export_cases", "export_lines")
            for kind in ("xlsx", "csv")
        },
    }


def exported_cases(
    session: Session, user: User, found: Reply
) -> tuple[list[str], list[list[Cell]]]:
    """The cases behind an answer for a spreadsheet."""
    title, unit = VALUE.get(found.answer.id, ("", ""))
    headings = [_("Client"), _("Process"), _("Step"), _("Person")]
    if unit:
        headings.append(str(title))
    headings.append(_("Address"))
    lines: list[list[Cell]] = []
    for each in places.shown(session, user, found.answer.places):
        line: list[Cell] = [each.client, each.process, each.step, each.person]
        if unit:
            line.append(figures.exported(each.value, unit))
        line.append(url_for("instances.show", instance_id=each.case_id, _external=True))
        lines.append(line)
    return headings, lines


def _head(found: Reply) -> dict[str, Any]:
    answer = found.answer
    return {
        "figure": figures.figure(answer.value, answer.unit),
        "known": answer.value is not None,
        "n": figures.number(answer.n),
        "interval": figures.interval(answer.interval, answer.unit),
        "few": answer.small and answer.id not in ("Q1", "Q4"),
        "main": found.said.main,
        "compared": found.said.compared,
        "rest": found.said.rest,
        "ignored": found.said.ignored,
    }


def _cases(session: Session, user: User, found: Reply, *, whole: bool) -> dict[str, Any] | None:
    answer = found.answer
    if not answer.places:
        return None
    listed = places.shown(session, user, answer.places)
    title, unit = VALUE.get(answer.id, ("", ""))
    return {
        "title": word(BEHIND, answer.id),
        "value": str(title),
        "steps": any(each.step for each in listed),
        "rows": [
            places.row(each, figures.figure(each.value, unit) if unit else "")
            for each in (listed if whole else listed[:SHOWN])
        ],
        "total": figures.number(answer.place_count),
        "listed": figures.number(len(listed)),
        "hidden": len(answer.places) - len(listed),
        "cut": answer.place_count > len(answer.places),
        "more": not whole and len(listed) > SHOWN,
    }


def _heat(session: Session, found: Reply, query: Mapping[str, str]) -> dict[str, Any] | None:
    answer = found.answer
    if answer.id != "Q13" or not answer.rows:
        return None
    processes = list(dict.fromkeys(row["process"] for row in answer.rows))
    process = found.part.process or processes[0]
    version = steps.latest(session).get(process)
    if found.part.version is not None:
        wanted = (process, found.part.version)
        version = next(
            (each for each in steps.versions(session) if (each.process_key, each.number) == wanted),
            version,
        )
    if version is None:
        return None
    own = [row for row in answer.rows if row["process"] == process]
    return {
        "process": labels.label(session, "process", process),
        "version": version.number,
        "source": url_for("questions.diagram", process_key=process, number=version.number),
        "told": heat.told(session, version, own),
        "legend": heat.legend(own),
        "processes": [
            (
                labels.label(session, "process", each),
                addresses.of_question("Q13", _no_step(query), process=each),
                each == process,
            )
            for each in processes
        ]
        if found.part.process is None or len(processes) > 1
        else [],
    }


def _no_step(query: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in query.items() if name not in ("step", "version")}
