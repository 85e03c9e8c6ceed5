"""Q13 in words."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from broker_crm.web.answers import figures, labels
from broker_crm.web.answers.sentences.telling import Telling

QUESTION = _l("Where are the weakest points of the process?")
COUNTED = _l(
    "What each step costs the brokerage, EUR a month, in four parts. Lost cases: cases that ended "
    "unhappily after it × share won of those that got past it × mean commission of a won case. "
    "Delay: working days above the standard × what a day costs, which is by how much the chance of "
    "winning falls for a day of delay × mean commission. Excess cost: actual above standard cost. "
    "Work done again: the standard cost of letters, documents and approvals that were repeated. "
    "The price of a day is an association found in these cases, not proof. Beside it: the last "
    "whole quarter, and another team with as many steps, both at the same prices of cases and days."
)
SOURCE = "loss + delay + excess + rework"


def main(told: Telling) -> str:
    if not told.text("step") or told.value("money") is None:
        return _("there is nothing to judge by yet")
    return _(
        "the weakest point is %(step)s: about %(money)s a month",
        step=told.step(),
        money=told.figure("money", "eur"),
    )


def rest(told: Telling) -> list[str | None]:
    if not told.text("step"):
        return []
    return [
        _(
            "Of it: lost cases %(loss)s (%(lost)s of %(decided)s decided cases ended here), "
            "delay %(delay)s, excess cost %(excess)s, work done again %(rework)s",
            loss=told.figure("loss", "eur"),
            lost=told.count("lost"),
            decided=told.count("decided"),
            delay=told.figure("delay", "eur"),
            excess=told.figure("excess", "eur"),
            rework=told.figure("rework", "eur"),
        ),
        _quarter(told),
        _team(told),
    ]


def _quarter(told: Telling) -> str | None:
    """Beside the last whole quarter, in EUR a month."""
    now, then = told.value("money"), told.value("quarter_money")
    if now is None or then is None:
        return None
    return _(
        "In the quarter %(first)s – %(last)s it cost %(money)s a month (n = %(n)s): now %(more)s",
        first=told.text("quarter_from"),
        last=told.text("quarter_to"),
        money=told.figure("quarter_money", "eur"),
        n=told.count("quarter_n"),
        more=_difference(now - then),
    )


def _team(told: Telling) -> str | None:
    """Beside another team, in EUR a month for as many steps."""
    here, there = told.value("money"), told.value("other_money")
    if here is None or there is None:
        return None
    return _(
        "%(team)s, with as many steps: %(money)s a month (n = %(n)s); here %(more)s",
        team=labels.label(told.session, "team", told.text("other_team")),
        money=told.figure("other_money", "eur"),
        n=told.count("other_n"),
        more=_difference(here - there),
    )


def _difference(money: float) -> str:
    if abs(money) < 0.5:
        return _("the same")
    told = figures.figure(abs(money), "eur")
    return _("%(money)s more", money=told) if money > 0 else _("%(money)s less", money=told)
