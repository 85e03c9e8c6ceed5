"""Q6 in words."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from broker_crm.web.answers.sentences.telling import WAITING_SOURCE, Telling

QUESTION = _l("Within what time did they meet?")
COUNTED = _l(
    "Working days from the call that ended in interest to the first meeting that was held; for "
    "negotiations, from the letter with the offer. Cases that have not met yet count as waiting "
    "(Kaplan–Meier), so that the slow ones are not left out and the figure does not look better "
    "than it is; a case that ended without a meeting waited until then."
)
SOURCE = WAITING_SOURCE


def main(told: Telling) -> str:
    if not told.answer.n:
        return _("nobody was to be met")
    if told.answer.value is None:
        return _("fewer than half have met so far")
    return _("half met within %(median)s", median=told.answer_figure())


def rest(told: Telling) -> list[str | None]:
    n = told.number("waiting")
    waiting: str = ngettext(
        "%(count)s has not met yet and counts as waiting",
        "%(count)s have not met yet and count as waiting",
        n,
        count=told.count("waiting"),
    )
    return [
        told.ninth(),
        waiting if n else None,
        _(
            "%(within)s of meetings were held within the standard; to %(no_show)s of those "
            "arranged the client did not come",
            within=told.figure("within", "share"),
            no_show=told.figure("no_show", "share"),
        )
        if told.value("within") is not None and told.value("no_show") is not None
        else None,
    ]
