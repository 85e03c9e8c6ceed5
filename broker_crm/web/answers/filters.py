"""The filters of the questions' pages: choices, chips that take one away, quick periods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.analysis.questions import QUESTIONS
from broker_crm.analysis.slices import Slice
from broker_crm.people.models import User
from broker_crm.web import times
from broker_crm.web.answers import asked, labels, of_logs, scope
from broker_crm.web.answers.addresses import made
from broker_crm.web.answers.asked import FILTERS, OF_PEOPLE, Asked
from broker_crm.web.answers.dimensions import DIMENSION, PERIODS
from broker_crm.web.wording import word

NEEDS_PROCESS = ("version",)
OF_NOW = ("Q4",)
"""Questions to which no period applies."""


def view(
    session: Session,
    user: User,
    told: Asked,
    part: Slice,
    place: Mapping[str, Any],
    question_id: str | None = None,
) -> dict[str, Any]:
    """What the filters of a page show.

    Args:
        session: for choices.
        user: who looks.
        told: what the address says.
        part: of the work within what the user may know.
        place: endpoint and its arguments, to make addresses of the same page.
        question_id: of the page; None for the list of questions.
    """
    own = scope.own_only(user, question_id)
    process = told.query.get("process")
    fields = []
    for name in FILTERS:
        if (own and name in OF_PEOPLE) or (
            name in NEEDS_PROCESS and process is None and told.log is None
        ):
            continue
        offered = asked.choices(session, name, process, told.log)
        if told.log is not None and not offered:
            continue
        if name == "product" and part.products is not None:
            offered = {key: text for key, text in offered.items() if key in part.products}
        fields.append((name, word(DIMENSION, name), told.query.get(name, ""), [*offered.items()]))
    if question_id is not None and scope.compares(user, QUESTIONS[question_id]):
        teams = asked.choices(session, asked.AGAINST)
        name, chosen = asked.AGAINST, told.query.get(asked.AGAINST, "")
        fields.append((name, word(DIMENSION, name), chosen, [*teams.items()]))
    chips = [
        {
            "text": f"{word(DIMENSION, name)}: {_value(session, name, told)}",
            "without": address(place, told.query, without=_without(name)),
            "name": word(DIMENSION, name),
        }
        for name in (*FILTERS, asked.AGAINST)
        if name in told.query and not (own and name in OF_PEOPLE)
    ]
    if told.log is not None:
        chips.insert(
            0,
            {
                "text": f"{word(DIMENSION, 'log')}: {of_logs.name(session, told.log)}",
                "without": address(place, told.query, without=("log", "by", *FILTERS)),
                "name": word(DIMENSION, "log"),
            },
        )
    return {
        "fields": fields,
        "chips": chips,
        "clear": address(place, told.query, without=FILTERS) if len(chips) > 1 else None,
        "periods": [
            {
                "name": word(PERIODS, key),
                "current": key == told.period,
                "address": address(
                    place,
                    told.query,
                    without=("from", "to", "period"),
                    **({} if key == told.usual else {"period": key}),
                ),
            }
            for key in PERIODS
            if question_id not in OF_NOW
        ],
        "from": told.query.get("from", ""),
        "to": told.query.get("to", ""),
        "kept": {key: told.query[key] for key in _kept(question_id) if key in told.query},
        "errors": told.errors,
        "wrong": [
            (word(DIMENSION, name), " ".join(messages)) for name, messages in told.errors.items()
        ],
        "period": words_of_period(part),
        "action": made(place["endpoint"], place["arguments"]),
    }


def _kept(question_id: str | None) -> tuple[str, ...]:
    """Parameters that the form has no fields for."""
    return ("by", "period", "log", *(("from", "to") if question_id in OF_NOW else ()))


def address(
    place: Mapping[str, Any],
    query: Mapping[str, str],
    without: tuple[str, ...] = (),
    **changed: str,
) -> str:
    """The address of a page with other filters."""
    kept = {key: text for key, text in query.items() if key not in without}
    return made(place["endpoint"], {**place["arguments"], **kept, **changed})


def words_of_period(part: Slice) -> str:
    """The period, such as “2025-12-01 – 2026-11-30”."""
    if part.start is None and part.end is None:
        return _("All time")
    first = times.day(part.start) if part.start else "…"
    return f"{first} – {times.day(part.end) if part.end else '…'}"


def _without(name: str) -> tuple[str, ...]:
    """A version and a step mean nothing without their process."""
    return (name, "version", "step") if name == "process" else (name,)


def _value(session: Session, name: str, told: Asked) -> str:
    key, process = told.query[name], told.query.get("process")
    if told.log is not None:
        return asked.choices(session, name, process, told.log).get(key, key)
    return labels.label(session, name, key, process)
