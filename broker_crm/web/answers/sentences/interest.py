"""Q3 in words."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from broker_crm.web.answers.sentences.telling import Telling

QUESTION = _l("What percentage is interested, and interested further?")
COUNTED = _l(
    "Interested: calls and meetings that ended in interest, of those in which a conversation took "
    "place. Reached: conversations, of all attempts. Of all tried: cases with interest, of all "
    "cases that were called or met. The three are never mixed. What an outcome means is said by "
    "the diagram of the process."
)
SOURCE = "n(interested) / n(conversations); 95 %: Wilson (1927)"


def main(told: Telling) -> str:
    n = told.answer.n
    if not n:
        return _("no conversation took place")
    text: str = ngettext(
        "interest after %(interested)s of %(count)s conversation (%(share)s)",
        "interest after %(interested)s of %(count)s conversations (%(share)s)",
        n,
        interested=told.count("interested"),
        count=told.count("n"),
        share=told.answer_figure(),
    )
    return text


def rest(told: Telling) -> list[str | None]:
    return [
        _(
            "A conversation came of %(reached)s of attempts; of all cases that were tried, "
            "%(gross)s became interested",
            reached=told.figure("reached", "share"),
            gross=told.figure("gross", "share"),
        )
    ]
