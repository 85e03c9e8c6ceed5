"""Q8 in words."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from broker_crm.web.answers.sentences.telling import WAITING_SOURCE, Telling

QUESTION = _l("Within what time is the offer, or the contract, prepared?")
COUNTED = _l(
    "Working days from the moment when the preparation was asked for until the approval. The parts "
    "are office time: waiting to be taken up, being worked on, waiting for approval. What is "
    "returned and done again belongs to the same preparation; what is not approved yet counts as "
    "waiting (Kaplan–Meier)."
)
SOURCE = WAITING_SOURCE


def main(told: Telling) -> str:
    if not told.answer.n:
        return _("nothing was prepared")
    if told.answer.value is None:
        return _("fewer than half are approved so far")
    return _("half are prepared and approved within %(median)s", median=told.answer_figure())


def rest(told: Telling) -> list[str | None]:
    n = told.number("waiting")
    waiting: str = ngettext(
        "%(count)s is not approved yet and counts as waiting",
        "%(count)s are not approved yet and count as waiting",
        n,
        count=told.count("waiting"),
    )
    return [
        told.ninth(),
        waiting if n else None,
        _(
            "On average: waits to be taken up %(start)s, is worked on %(work)s, waits for "
            "approval %(approval)s",
            start=told.figure("to_start", "days"),
            work=told.figure("working", "days"),
            approval=told.figure("approval", "days"),
        ),
        _("%(within)s within the standard", within=told.figure("within", "share"))
        if told.value("within") is not None
        else None,
    ]
