"""Q14 in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import Session

from broker_crm.web.answers import figures
from broker_crm.web.answers.sentences.telling import Telling, step_of

QUESTION = _l("How can the process be improved?")
COUNTED = _l(
    "Two first answers for each step, EUR a quarter. Three percentage points more cases get past "
    "the step: decided cases × the rise × share won of those that got past × mean commission. No "
    "day above the standard: the cost of delay of the weakest points. Beside them is the number of "
    "cases that each side of a trial needs to notice such a rise (80 % power, 5 % error). What is "
    "expected follows from associations in past cases; only a trial proves it."
)
SOURCE = "Δ conversion × commission; Δ days × price of a day"


def main(told: Telling) -> str:
    if not told.text("step"):
        return _("there is nothing to judge by yet")
    if told.facts.get("by_time"):
        return _(
            "if %(step)s were never late, about %(money)s more a quarter",
            step=told.step(),
            money=told.figure("on_time_value", "eur"),
        )
    return _raised(
        told.step(),
        told.value("rate"),
        told.value("raised"),
        told.value("contracts"),
        told.value("raise_value"),
    )


def rest(told: Telling) -> list[str | None]:
    needed = told.number("needed")
    if told.facts.get("by_time") or not needed:
        return [_("This follows from past cases; only a trial proves it")]
    text: str = ngettext(
        "To be sure of it, a trial needs %(count)s case on each side",
        "To be sure of it, a trial needs %(count)s cases on each side",
        needed,
        count=told.count("needed"),
    )
    return [text]


def advice(session: Session, row: Mapping[str, Any]) -> str:
    """What mending one step would bring, in words."""
    step = step_of(session, row["key"], row["process"])
    if row["on_time_value"] > row["raise_value"]:
        return _(
            "if %(step)s were never late, about %(money)s more a quarter",
            step=step,
            money=figures.figure(row["on_time_value"], "eur"),
        )
    return _raised(step, row["rate"], row["raised"], row["contracts"], row["raise_value"])


def _raised(
    step: str,
    rate: float | None,
    raised: float | None,
    contracts: float | None,
    money: float | None,
) -> str:
    return _(
        "if %(raised)s of cases got past %(step)s instead of %(rate)s, about %(contracts)s more "
        "contracts and %(money)s a quarter",
        step=step,
        rate=figures.figure(rate, "share"),
        raised=figures.figure(raised, "share"),
        contracts=figures.figure(contracts, "number"),
        money=figures.figure(money, "eur"),
    )
