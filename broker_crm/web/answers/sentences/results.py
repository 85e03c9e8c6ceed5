"""Q12 in words."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from broker_crm.web.answers.sentences.telling import Telling

QUESTION = _l("How many have bought, and how many refused?")
COUNTED = _l(
    "Cases that ended in the period, by how they ended, with the yearly premium and commission of "
    "their last offer. Cases that the brokerage never tried, such as for want of permission, are "
    "left out. What an ending means is said by the diagram of the process."
)
SOURCE = "n(won), n(refused); 95 %: Wilson (1927)"


def main(told: Telling) -> str:
    n = told.answer.n
    if not n:
        return _("no case ended")
    text: str = ngettext(
        "of %(count)s case that ended, bought: %(won)s (%(share)s), refused: %(refused)s",
        "of %(count)s cases that ended, bought: %(won)s (%(share)s), refused: %(refused)s",
        n,
        count=told.count("n"),
        won=told.count("won"),
        share=told.figure("share", "share"),
        refused=told.count("refused"),
    )
    return text


def rest(told: Telling) -> list[str | None]:
    n = told.number("open")
    running: str = ngettext(
        "%(count)s case is still running",
        "%(count)s cases are still running",
        n,
        count=told.count("open"),
    )
    if not told.answer.n:
        return [running]
    return [
        _(
            "Expired: %(expired)s; could not be reached: %(unreached)s",
            expired=told.count("expired"),
            unreached=told.count("unreached"),
        ),
        _(
            "What was bought brings %(premium)s of premium and %(commission)s of commission a year",
            premium=told.figure("premium", "eur"),
            commission=told.figure("commission", "eur"),
        ),
        running,
    ]
