"""Puts an answer into a sentence: the person asked about, the team beside, what else to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

from flask_babel import gettext as _
from flask_babel.speaklater import LazyString
from sqlalchemy.orm import Session

from broker_crm.analysis.answers import Answer, Fact
from broker_crm.web import staff
from broker_crm.web.answers.dimensions import DIMENSION
from broker_crm.web.answers.sentences import (
    deviations,
    economic_effect,
    efficiency,
    improvement,
    interest,
    lateness,
    negotiation,
    potential_clients,
    preparation,
    results,
    segment,
    time_to_meet,
    weakest_point,
    workload,
)
from broker_crm.web.answers.sentences.telling import Telling, joined, sentence
from broker_crm.web.wording import word

_MODULES: Mapping[str, ModuleType] = {
    "Q1": potential_clients,
    "Q2": lateness,
    "Q3": interest,
    "Q4": workload,
    "Q5": efficiency,
    "Q6": time_to_meet,
    "Q7": segment,
    "Q8": preparation,
    "Q9": deviations,
    "Q10": economic_effect,
    "Q11": negotiation,
    "Q12": results,
    "Q13": weakest_point,
    "Q14": improvement,
}


@dataclass(frozen=True, slots=True)
class Said:
    """A question and its answer in words."""

    question: str
    main: str
    rest: str
    compared: str
    ignored: str = ""

    @property
    def whole(self) -> str:
        """All of the answer."""
        return " ".join(
            part for part in (self.main, self.compared, self.rest, self.ignored) if part
        )


def question(question_id: str) -> str:
    """The question in a manager's words."""
    text: LazyString = _MODULES[question_id].QUESTION
    return str(text)


def counted(question_id: str) -> tuple[str, str]:
    """How it is counted, and where the formula is from."""
    module = _MODULES[question_id]
    return str(module.COUNTED), str(module.SOURCE)


def said(
    session: Session,
    answer: Answer,
    facts: Mapping[str, Fact],
    person: str | None = None,
    team: Answer | None = None,
    ignored: Sequence[str] = (),
) -> Said:
    """The answer in words.

    Args:
        session: for names.
        answer: to the question.
        facts: of it, of which the reader may know.
        person: login, where the answer is about one.
        team: the same question about the whole team of the person.
        ignored: filters that say nothing about what is counted.
    """
    module = _MODULES[answer.id]
    main_of: Callable[[Telling], str] = module.main
    telling = Telling(session, answer, {**facts, "person": person})
    main, rest, beside = main_of(telling), "", ""
    if answer.n or answer.id in ("Q4", "Q12"):
        rest = joined(*module.rest(telling))
    if person is not None:
        main = f"{staff.name(session, person)}: {main}"
    if team is not None:
        whole = main_of(Telling(session, team, {**team.facts, "person": None}))
        beside = sentence(_("The whole team: %(sentence)s", sentence=whole))
    left_out = ""
    if ignored:
        names = ", ".join(word(DIMENSION, name) for name in ignored)
        left_out = _("This question pays no heed to these filters: %(names)s.", names=names)
    return Said(question(answer.id), sentence(main), rest, beside, left_out)
