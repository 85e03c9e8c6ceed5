"""Q5 in words."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from broker_crm.web import staff
from broker_crm.web.answers.sentences.telling import Telling

QUESTION = _l("How efficient is a salesperson, and the average one?")
COUNTED = _l(
    "Conversations that ended well, by those expected: each is expected to end as the same step "
    "does at the whole company with the same product and the same kind and sector of clients, so "
    "that hard clients punish nobody. 1 is what the company does. Beside it: what came of 100 "
    "hours worked, and standard cost by actual cost (above 1 is thrifty)."
)
SOURCE = "observed / expected; 95 %: Poisson"


def main(told: Telling) -> str:
    if told.answer.value is None:
        return _("too few conversations to tell")
    if told.text("person"):
        return _(
            "%(ratio)s of what is expected: %(positive)s conversations ended well, "
            "%(expected)s were expected of the same cases",
            ratio=told.answer_figure(),
            positive=told.count("positive"),
            expected=told.figure("expected", "number"),
        )
    return _(
        "the average salesperson achieves %(ratio)s of what is expected of the same cases",
        ratio=told.answer_figure(),
    )


def rest(told: Telling) -> list[str | None]:
    if told.text("person"):
        return [
            _(
                "For 100 hours worked: %(offers)s offers, %(meetings)s meetings, "
                "%(commission)s of commission won",
                offers=told.figure("offers", "number"),
                meetings=told.figure("meetings", "number"),
                commission=told.figure("commission", "eur"),
            )
        ]
    best = told.text("best")
    if not best:
        return []
    return [
        _(
            "The highest: %(name)s, %(ratio)s",
            name=staff.name(told.session, best),
            ratio=told.figure("best_ratio", "ratio"),
        )
    ]
