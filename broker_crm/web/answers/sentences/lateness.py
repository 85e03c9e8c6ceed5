"""Q2 in words."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from broker_crm.web.answers.sentences.telling import Telling

QUESTION = _l("Who was late, and by how much?")
COUNTED = _l(
    "Each step that was due in the period: working days from its due day to the day on which it "
    "was done, or to today while it is open; 0 when in time. Steps that are open and overdue "
    "count, or the worst would look best. Where a step passed from one person to another, each "
    "answers for the days after the due day on which they held it."
)
SOURCE = "late = max(0, WD(due, done)); share = n(late > 0) / n(due)"


def main(told: Telling) -> str:
    n = told.answer.n
    if not n:
        return _("no step was due")
    text: str = ngettext(
        "late on %(late)s of %(count)s step, %(mean)s on average",
        "late on %(late)s of %(count)s steps, %(mean)s on average",
        n,
        late=told.count("late"),
        count=told.count("n"),
        mean=told.figure("mean", "days"),
    )
    return text


def rest(told: Telling) -> list[str | None]:
    if not told.number("late"):
        return []
    return [
        _(
            "When late, by %(mean)s on average, at most by %(longest)s",
            mean=told.figure("mean_if_late", "days"),
            longest=told.figure("longest", "days"),
        )
    ]
