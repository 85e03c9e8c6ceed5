"""Q7 in words."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from broker_crm.web.answers import figures, labels
from broker_crm.web.answers.sentences.telling import Telling

QUESTION = _l("Do those who are interested belong to a clear segment, and to which?")
COUNTED = _l(
    "The first conversation of each case that ended in yes or no. Every value of every trait, and "
    "every two together, is compared with all other cases of the same process. A segment is clear "
    "when it has 30 conversations or more, differs from the others even though so many were tried "
    "(Benjamini–Hochberg, 5 %), and the lower limit of its share is above the others' share. "
    "“No clear segment” is an answer too: then the number of conversations that are still needed "
    "is told."
)
SOURCE = "Mantel & Haenszel (1959); Benjamini & Hochberg (1995)"


def main(told: Telling) -> str:
    if not told.answer.n:
        return _("no conversation took place")
    if told.facts.get("clear"):
        return _(
            "yes: %(segment)s, %(share)s are interested (%(interval)s), of the others %(others)s",
            segment=_segment(told, "segment"),
            share=told.answer_figure(),
            interval=figures.interval(told.answer.interval, "share"),
            others=told.figure("others", "share"),
        )
    needed = told.number("needed")
    if not needed:
        return _("no clear segment yet")
    text: str = ngettext(
        "no clear segment yet; about %(count)s more conversation needed",
        "no clear segment yet; about %(count)s more conversations needed",
        needed,
        count=told.count("needed"),
    )
    return text


def rest(told: Telling) -> list[str | None]:
    n = told.number("conversations")
    base: str = ngettext(
        "%(count)s conversation in all, %(share)s interested; %(tried)s segments were tried",
        "%(count)s conversations in all, %(share)s interested; %(tried)s segments were tried",
        n,
        count=told.count("conversations"),
        share=told.figure("rate", "share"),
        tried=told.count("tried"),
    )
    if told.facts.get("clear") or not told.text("hopeful"):
        return [base]
    hopeful = _(
        "The most promising: %(segment)s, %(share)s (n = %(n)s)",
        segment=_segment(told, "hopeful"),
        share=told.figure("hopeful_share", "share"),
        n=told.count("hopeful_n"),
    )
    return [hopeful, base]


def _segment(told: Telling, name: str) -> str:
    return labels.segment(told.session, labels.traits(told.text(name)))
