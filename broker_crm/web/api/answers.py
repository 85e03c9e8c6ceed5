"""The managers' questions: which there are, and the answer to one."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for

from broker_crm.analysis.estimates import SMALL
from broker_crm.process.errors import SubmissionRejected
from broker_crm.web import database
from broker_crm.web.answers import asked, labels, offer_lines, places, scope
from broker_crm.web.answers.reply import Reply, reply
from broker_crm.web.answers.sentences.saying import question as words_of
from broker_crm.web.api.bearer import person
from broker_crm.web.api.bodies import answer


def questions() -> Response:
    user = person()
    return answer(
        {
            "items": [
                {
                    "id": each.id,
                    "question": words_of(each.id),
                    "breakdowns": list(scope.breakdowns(user, each)),
                    "link": url_for("api.question", question_id=each.id),
                }
                for each in scope.questions(user)
            ]
        }
    )


def question(question_id: str) -> Response:
    session, user = database.current(), person()
    wanted = scope.question(user, question_id)
    breakdowns, compares = scope.breakdowns(user, wanted), scope.compares(user, wanted)
    told = asked.read(session, request.args, breakdowns, compares=compares)
    if told.errors:
        raise SubmissionRejected(dict(told.errors))
    return answer(_shape(reply(session, user, wanted, told)))


ADDRESSES = [("/answers", "GET", questions), ("/answers/<question_id>", "GET", question)]


def _shape(found: Reply) -> dict[str, Any]:
    session, result = database.current(), found.answer
    listed = places.shown(session, person(), result.places)
    lines = offer_lines.behind(session, person(), found)
    return {
        "id": result.id,
        "question": found.said.question,
        "sentence": found.said.whole,
        "value": result.value,
        "unit": result.unit,
        "n": result.n,
        "interval": result.interval,
        "small": result.small,
        "about": {
            name: value for name, value in found.part.parameters().items() if value is not None
        },
        "ignored": list(found.ignored),
        "facts": dict(found.facts),
        "by": result.by,
        "columns": dict(result.columns),
        "rows": [
            {
                **row,
                "label": labels.label(session, result.by, row["key"], row.get("process")),
                "small": row["n"] < SMALL,
            }
            for row in result.rows
        ],
        "trend": [
            {"month": each.month.isoformat(), "value": each.value, "n": each.n}
            for each in result.trend
        ],
        "cases": {
            "total": result.place_count,
            "hidden": len(result.places) - len(listed),
            "items": [
                {
                    "instance": str(each.case_id),
                    "task": each.task_id and str(each.task_id),
                    "value": each.value,
                }
                for each in listed
            ],
        },
        **({"lines": offer_lines.shape(lines)} if lines else {}),
    }
