"""Limits in words: what is watched, the bound, and how the figure stands to it."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from broker_crm.analysis.limits import MEASURES, is_beyond
from broker_crm.analysis.models import FigureLimit
from broker_crm.web import times
from broker_crm.web.answers import figures, kept_filters
from broker_crm.web.answers.dimensions import UNIT, heading
from broker_crm.web.answers.filters import OF_NOW
from broker_crm.web.wording import Words, word

OWN_FIGURE: Words = {
    "Q1": _l("Potential clients"),
    "Q2": _l("Share of late steps"),
    "Q3": _l("Share of interested"),
    "Q4": _l("Load of this week"),
    "Q5": _l("Of the expected"),
    "Q6": _l("Half met within"),
    "Q7": _l("Share of interested in the clearest segment"),
    "Q8": _l("Half prepared within"),
    "Q9": _l("Share of lines that deviate"),
    "Q10": _l("Commission given away"),
    "Q11": _l("Share of agreements"),
    "Q12": _l("Bought"),
    "Q13": _l("What the weakest point costs a month"),
    "Q14": _l("What the best improvement brings a quarter"),
}
PERIOD: Words = {
    "7": _l("the last 7 days"),
    "30": _l("the last 30 days"),
    "90": _l("the last 90 days"),
    "365": _l("the last 12 months"),
}
COMPARISON: Words = {"above": _l("above"), "below": _l("below")}
STATE: Words = {
    "new": _l("Not looked at yet"),
    "few": _l("Too few to judge"),
    "crossed": _l("Crossed"),
    "within": _l("Within the limit"),
}
TONE = {"crossed": "late", "within": "good", "few": "info", "new": "info"}
IN_HUNDREDTHS = ("share", "load")


def measure(question: str, name: str) -> str:
    """A measure in words."""
    return heading(question, name) if name else word(OWN_FIGURE, question)


def unit_of(limit: FigureLimit) -> str:
    return MEASURES[limit.question][limit.measure]


def unit_word(unit: str) -> str:
    """The unit in which a bound is typed; '' where it is a bare number."""
    return word(UNIT, unit) if unit in UNIT else ""


def condition(limit: FigureLimit) -> str:
    """Such as “Share of late steps above 20 %”."""
    return _(
        "%(measure)s %(comparison)s %(bound)s",
        measure=measure(limit.question, limit.measure),
        comparison=word(COMPARISON, limit.comparison),
        bound=figures.figure(limit.bound, unit_of(limit)),
    )


def scope(session: Session, limit: FigureLimit) -> str:
    """The period and the filters."""
    period = [] if limit.question in OF_NOW else [word(PERIOD, str(limit.days))]
    return "; ".join([*period, *kept_filters.words(session, limit.query)])


def state(limit: FigureLimit) -> str:
    """A key of `STATE`, by the last look."""
    if limit.last_checked_at is None:
        return "new"
    if limit.last_value is None or (limit.last_n or 0) < limit.least_n:
        return "few"
    return "crossed" if is_beyond(limit, limit.last_value) else "within"


def since(limit: FigureLimit) -> str:
    """Since when it is crossed; '' while it is not."""
    return times.when(limit.crossed_at) if limit.crossed_at else ""


def typed(value: float, unit: str) -> str:
    """A bound as it is typed into a field."""
    return f"{round(100 * value if unit in IN_HUNDREDTHS else value, 6):.10g}"


def read(text: str, unit: str) -> float:
    """A bound from a field, with a comma or a point; shares are typed in per cent.

    Raises:
        ValueError: it is no number.
    """
    value = float("".join(text.split()).replace(",", ".").rstrip("%€"))
    return value / 100 if unit in IN_HUNDREDTHS else value
