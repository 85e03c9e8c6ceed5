"""Q1 in words."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from broker_crm.web.answers.figures import number
from broker_crm.web.answers.sentences.telling import Telling

QUESTION = _l("How many potential clients do we have?")
COUNTED = _l(
    "Prospects that were not erased or merged, whose data is not restricted, and who did not ask "
    "to be left alone. They can be contacted when there is a consent in force for e-mail or "
    "telephone and an address there, of the client or a contact person, from which no letter came "
    "back. Not approached: no case was ever begun, and no call, letter, meeting or note is kept. "
    "The period counts only for the picture, which shows how many clients came in each month."
)
SOURCE = "count(prospects)"


def main(told: Telling) -> str:
    n = told.answer.n
    text: str = ngettext(
        "%(count)s potential client", "%(count)s potential clients", n, count=number(n)
    )
    return text


def rest(told: Telling) -> list[str | None]:
    pairs: str = ngettext(
        "%(count)s pair of records may be the same client",
        "%(count)s pairs of records may be the same client",
        told.number("suspected"),
        count=told.count("suspected"),
    )
    return [
        _(
            "%(contactable)s can be contacted (%(share)s), %(untouched)s were not approached yet",
            contactable=told.count("contactable"),
            share=told.figure("contactable_share", "share"),
            untouched=told.count("untouched"),
        ),
        pairs if told.number("suspected") else None,
    ]
