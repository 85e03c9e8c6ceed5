"""Captions of the questions' pages: of the trend, of what lies behind an answer, of its values."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from broker_crm.web.wording import Words

TREND: Words = {
    "Q1": _l("Clients who came, by month"),
    "Q2": _l("Share of late steps, by month"),
    "Q3": _l("Share of interested, by month"),
    "Q5": _l("Share of conversations that ended well, by month"),
    "Q6": _l("Half met within, working days, by month"),
    "Q8": _l("Half prepared within, working days, by month"),
    "Q9": _l("Share of lines that deviate, by month"),
    "Q10": _l("Commission given away, by month"),
    "Q11": _l("Share of agreements, by month"),
    "Q12": _l("Bought, by month"),
    "Q13": _l("What the weakest point cost, by month"),
    "Q14": _l("What was lost at the step to be mended, by month"),
}
TREND_UNIT = {"Q5": "share"}
VALUE: dict[str, tuple[object, str]] = {
    "Q2": (_l("Days late"), "days"),
    "Q4": (_l("Overdue (−: time left)"), "days"),
    "Q6": (_l("Working days"), "days"),
    "Q8": (_l("Working days"), "days"),
    "Q9": (_l("Commission given away"), "eur"),
    "Q10": (_l("Commission given away"), "eur"),
    "Q12": (_l("Commission"), "eur"),
    "Q14": (_l("Cost"), "eur"),
}
"""What the value of a case is, and its unit."""
BEHIND: Words = {
    "Q1": _l("Cases of potential clients"),
    "Q2": _l("Steps that were late"),
    "Q3": _l("Conversations that ended in interest"),
    "Q4": _l("Open steps"),
    "Q5": _l("Conversations that ended well"),
    "Q6": _l("Who waited longest"),
    "Q7": _l("Interested ones of the segment"),
    "Q8": _l("What took longest"),
    "Q9": _l("Lines that deviate most"),
    "Q10": _l("Lines that cost most"),
    "Q11": _l("Negotiations"),
    "Q12": _l("Cases that were won"),
    "Q13": _l("Cases lost at the weakest point"),
    "Q14": _l("Steps that make the loss"),
}
