"""The fourteen questions of a manager, in their order, and what answers each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from broker_crm.analysis.answers import Answer
from broker_crm.analysis.ledger import Ledger, ledger
from broker_crm.analysis.questions.clear_segment import clear_segment
from broker_crm.analysis.questions.deviations import BREAKDOWNS as OF_TERMS
from broker_crm.analysis.questions.deviations import deviations, economic_effect
from broker_crm.analysis.questions.efficiency import efficiency
from broker_crm.analysis.questions.improvement import improvement
from broker_crm.analysis.questions.interest import interest
from broker_crm.analysis.questions.lateness import lateness
from broker_crm.analysis.questions.negotiation import negotiation
from broker_crm.analysis.questions.potential_clients import BREAKDOWNS as OF_PROSPECTS
from broker_crm.analysis.questions.potential_clients import OF_CASES_ONLY, potential_clients
from broker_crm.analysis.questions.preparation import preparation
from broker_crm.analysis.questions.results import OWNER_DIMENSIONS, results
from broker_crm.analysis.questions.time_to_meet import time_to_meet
from broker_crm.analysis.questions.weakest_point import weakest_point
from broker_crm.analysis.questions.workload import workload
from broker_crm.analysis.slices import DIMENSIONS, Slice

EVERY = tuple(DIMENSIONS)
WITHOUT_STEP = tuple(each for each in DIMENSIONS if each != "step")


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a manager.

    Attributes:
        id: 'Q1' to 'Q14'.
        answer: computes the answer for a part of the work, told apart by a dimension.
        breakdowns: what its rows may be told apart by, the usual one first.
        ignores: fields of a slice that say nothing about what is counted.
        compares: whether it compares with a team that may be chosen.
    """

    id: str
    answer: Callable[[Ledger, Slice, str], Answer]
    breakdowns: tuple[str, ...]
    ignores: tuple[str, ...] = ()
    compares: bool = False


QUESTIONS = {
    each.id: each
    for each in (
        Question("Q1", potential_clients, tuple(OF_PROSPECTS), OF_CASES_ONLY),
        Question("Q2", lateness, EVERY),
        Question("Q3", interest, ("step", *(each for each in EVERY if each != "step"))),
        Question("Q4", workload, ("person",)),
        Question("Q5", efficiency, ("person", "team")),
        Question("Q6", time_to_meet, ("step", *WITHOUT_STEP)),
        Question("Q7", clear_segment, ("segment",)),
        Question("Q8", preparation, ("document", *EVERY)),
        Question("Q9", deviations, tuple(OF_TERMS), ("step",)),
        Question("Q10", economic_effect, tuple(OF_TERMS), ("step",)),
        Question("Q11", negotiation, ("round", *WITHOUT_STEP)),
        Question(
            "Q12",
            results,
            ("process", *(e for e in OWNER_DIMENSIONS if e != "process")),
            ("step",),
        ),
        Question("Q13", weakest_point, ("step",), compares=True),
        Question("Q14", improvement, ("step",)),
    )
}


class NoSuchQuestion(LookupError):
    """There is no question of this id, or it can't be told apart like that."""


def answer(session: Session, question_id: str, part: Slice, by: str | None = None) -> Answer:
    """Answer a question.

    Args:
        session: reads only.
        question_id: 'Q1' to 'Q14'.
        part: of the work.
        by: what the rows are told apart by; None for the usual.

    Raises:
        NoSuchQuestion: naming the ids, or the breakdowns, that there are.
    """
    question = QUESTIONS.get(question_id)
    if question is None:
        raise NoSuchQuestion(f"There is no question {question_id!r}; there are Q1 to Q14.")
    if by is not None and by not in question.breakdowns:
        known = ", ".join(question.breakdowns)
        raise NoSuchQuestion(f"{question_id} can't be told apart by {by!r}; by {known} it can.")
    with ledger(session) as columns:
        return question.answer(columns, part, by or question.breakdowns[0])
