"""What is compared and what is said of it, in words and figures."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from broker_crm.analysis.comparison import Figure, Verdict
from broker_crm.analysis.comparison.gates import clear
from broker_crm.analysis.comparison.resampling import Limits
from broker_crm.web.answers.figures import NOTHING, SPACE, figure, number
from broker_crm.web.wording import Words, word

MEASURE: Words = {
    "reach": _l("Cases that come to it"),
    "waiting": _l("Waiting to be taken up"),
    "processing": _l("Working on it"),
    "total": _l("From beginning to done"),
    "late": _l("Late"),
    "cost": _l("Cost in a case"),
    "repeated": _l("Done more than once"),
    "conversion": _l("Ends well"),
    "meeting-time": _l("Time to the meeting"),
    "meeting": _l("Had the meeting"),
    "offer-time": _l("Time to the offer"),
    "offer": _l("Got an offer"),
    "contract-time": _l("Time to the contract"),
    "contract": _l("Bought"),
    "cycle": _l("Time to the end, however it ends"),
    "case-cost": _l("Cost of a case"),
}
VERDICT: Words = {
    Verdict.BETTER: _l("better"),
    Verdict.WORSE: _l("worse"),
    Verdict.DIFFERENT: _l("different"),
    Verdict.NONE_SHOWN: _l("no difference shown"),
    Verdict.MIX: _l("explained by the mix"),
    Verdict.TOO_FEW: _l("too few"),
}
TONE = {
    Verdict.BETTER: "good",
    Verdict.WORSE: "late",
    Verdict.DIFFERENT: "info",
    Verdict.MIX: "today",
}
TEST: Words = {
    "van-elteren": _l("ranks within segments (van Elteren)"),
    "log-rank": _l("log-rank within segments"),
    "early-log-rank": _l(
        "log-rank within segments, early differences weighed more (Peto–Prentice)"
    ),
    "mantel-haenszel": _l("shares within segments (Cochran–Mantel–Haenszel)"),
    "welch": _l("means within segments (Welch)"),
    "aalen-johansen": _l("cumulative incidence within segments (Aalen–Johansen)"),
    "bootstrap": _l("samples drawn again"),
}
SHORT = 0.1
"""Working days below which a time is told in minutes."""
STATE: Words = {"added": _l("new step"), "removed": _l("step taken out")}


def value(told: float | None, unit: str) -> str:
    """A figure of one side; short times in minutes."""
    if unit == "days" and told is not None and 0 < told < SHORT:
        minutes = told * 480
        digits = 0 if minutes >= 10 else 1
        return _("%(number)s min.", number=number(minutes, digits)).replace(" ", SPACE)
    return figure(told, unit)


def gap(told: float | None, unit: str) -> str:
    """A difference with its sign; shares in percentage points."""
    if told is None:
        return NOTHING
    return f"{_sign(told)}{size(told, unit)}"


def size(told: float, unit: str) -> str:
    """A difference without its sign."""
    if unit == "share":
        return figure(abs(100 * told), "points")
    return value(abs(told), unit)


def limits(told: Limits | None, unit: str) -> str:
    """An interval of a difference, such as “0.6 to 1.9”; empty where there is none."""
    if told is None or told == (None, None):
        return ""
    long = unit == "days" and max(abs(each) for each in told if each is not None) >= SHORT
    low, high = (
        "…" if each is None else f"{_sign(each)}{_long(each) if long else size(each, unit)}"
        for each in told
    )
    return _("%(low)s to %(high)s", low=low, high=high)


def _sign(told: float) -> str:
    return "+" if told > 0 else "−" if told < 0 else ""


def _long(told: float) -> str:
    """Working days though they be few, where the other limit is many."""
    days = number(abs(told), 2 if abs(told) < SHORT else 1)
    return _("%(number)s w. d.", number=days).replace(" ", SPACE)


def sizes(told: Limits, unit: str) -> str:
    """An interval of one sign without it, the smaller first; of both signs with them."""
    if not clear(told):
        return limits(told, unit)
    known = sorted(abs(each) for each in told if each is not None)
    if len(known) < 2:
        return _("at least %(low)s", low=size(known[0], unit)) if known else ""
    high = size(known[1], unit)
    if unit == "share":
        low = number(100 * known[0], 1)
    elif unit == "days" and known[1] >= SHORT:
        low = number(known[0], 2 if known[0] < SHORT else 1)
    else:
        low = size(known[0], unit)
    return _("%(low)s to %(high)s", low=low, high=high)


def needed(told: Figure) -> str:
    """How many more cases are needed, where that is known."""
    if told.verdict not in (Verdict.NONE_SHOWN, Verdict.TOO_FEW):
        return ""
    if told.needed is None:
        return ""
    if told.needed == 0 and told.noticed is not None:
        return _(
            "a difference of %(size)s would have shown", size=size(told.noticed, told.told.unit)
        )
    if told.needed == 0:
        return ""
    return _("about %(n)s more cases are needed", n=number(rounded(told.needed)))


def rounded(n: int) -> int:
    """To two digits: nobody knows it better."""
    if n < 20:
        return n
    scale = 10 ** (len(str(n)) - 2)
    return -(-n // scale) * scale


def measure(told: Figure) -> str:
    """The measure in words."""
    return word(MEASURE, told.measure)
