"""Q9 in words."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from broker_crm.web.answers import figures
from broker_crm.web.answers.sentences.telling import Telling

QUESTION = _l("What are the deviations from the standard terms of an offer?")
COUNTED = _l(
    "Each line of the last version of an offer is compared with the standard terms in force on its "
    "day. It deviates when the premium differs by 1 % or more, or when commission, deductible, sum "
    "insured, instalments, term or covers differ at all."
)
SOURCE = "n(deviating lines) / n(lines); 95 %: Wilson (1927)"


def main(told: Telling) -> str:
    n = told.answer.n
    if not n:
        return _("no offer was prepared")
    text: str = ngettext(
        "%(deviating)s of %(count)s line of an offer (%(share)s) deviates from the standard terms",
        "%(deviating)s of %(count)s lines of offers (%(share)s) deviate from the standard terms",
        n,
        deviating=told.count("deviating"),
        count=told.count("n"),
        share=told.figure("share", "share"),
    )
    return text


def rest(told: Telling) -> list[str | None]:
    percent = told.value("premium_percent")
    if percent is None:
        premium = None
    else:
        size = figures.figure(abs(percent), "percent")
        premium = (
            _("Premiums are %(size)s below the standard in all", size=size)
            if percent >= 0
            else _("Premiums are %(size)s above the standard in all", size=size)
        )
    return [
        premium,
        _("%(share)s of deviations were approved", share=told.figure("approved", "share"))
        if told.value("approved") is not None
        else None,
    ]
