"""Q11 in words."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from broker_crm.web.answers.sentences.telling import Telling

QUESTION = _l("What percentage buys, and what percentage negotiates further?")
COUNTED = _l(
    "Of negotiations that were held: agreed, going on, refused. The three make 100 %. A case that "
    "negotiates three times counts three times; rounds in a case are told beside it."
)
SOURCE = "n(agreed) / n(held); 95 %: Wilson (1927)"


def main(told: Telling) -> str:
    n = told.answer.n
    if not n:
        return _("no negotiation was held")
    text: str = ngettext(
        "of %(count)s negotiation %(agreed)s ended in agreement, %(further)s go on, "
        "%(refused)s in refusal",
        "of %(count)s negotiations %(agreed)s ended in agreement, %(further)s go on, "
        "%(refused)s in refusal",
        n,
        count=told.count("n"),
        agreed=told.figure("agreed_share", "share"),
        further=told.figure("further_share", "share"),
        refused=told.figure("refused_share", "share"),
    )
    return text


def rest(told: Telling) -> list[str | None]:
    return [_("Rounds in a case: %(rounds)s", rounds=told.figure("rounds", "ratio"))]
