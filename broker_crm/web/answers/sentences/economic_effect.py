"""Q10 in words."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from broker_crm.web.answers import figures
from broker_crm.web.answers.sentences.telling import Telling

QUESTION = _l("What is the economic effect of deviations?")
COUNTED = _l(
    "For each line of an offer: commission by the standard terms less commission as offered, a "
    "year. Lines that were won are the real cost; open lines, times the share of offers that are "
    "won, are at risk. Deductibles, instalments and covers have their price from a decision table. "
    "That offers with deviations are won more or less often is an association, not proof: "
    "discounts go to clients who are harder to win."
)
SOURCE = "Σ (standard premium × standard commission − offered premium × agreed commission)"


def main(told: Telling) -> str:
    realised = told.value("realised")
    if not told.answer.n or realised is None:
        return _("no line of an offer was won")
    money = figures.figure(abs(realised), "eur")
    if realised < 0:
        return _("%(money)s of commission a year was gained in what was won", money=money)
    return _("%(money)s of commission a year was given away in what was won", money=money)


def rest(told: Telling) -> list[str | None]:
    return [
        _(
            "Clients pay %(gift)s of premium less than by the standard; in open offers %(exposed)s "
            "of commission is at risk",
            gift=told.figure("realised_gift", "eur"),
            exposed=told.figure("exposed", "eur"),
        ),
        _(
            "Offers with deviations were won in %(deviating)s of decided cases, those by the "
            "standard in %(standard)s (n = %(n)s): an association, not proof",
            deviating=told.figure("win_deviating", "share"),
            standard=told.figure("win_standard", "share"),
            n=told.count("decided_standard"),
        )
        if told.value("win_deviating") is not None and told.value("win_standard") is not None
        else None,
    ]
