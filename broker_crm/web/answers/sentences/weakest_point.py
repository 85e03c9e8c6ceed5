"""Q13 in words."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from broker_crm.web.answers.sentences.telling import Telling

QUESTION = _l("Where are the weakest points of the process?")
COUNTED = _l(
    "What each step costs the brokerage, EUR a month, in four parts. Lost cases: cases that ended "
    "unhappily after it × share won of those that got past it × mean commission of a won case. "
    "Delay: working days above the standard × what a day costs, which is by how much the chance of "
    "winning falls for a day of delay × mean commission. Excess cost: actual above standard cost. "
    "Work done again: the standard cost of letters, documents and approvals that were repeated. "
    "The price of a day is an association found in these cases, not proof."
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
        )
    ]
