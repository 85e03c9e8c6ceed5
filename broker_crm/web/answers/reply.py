"""A question answered for one reader: figures, sentence, the team beside a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from broker_crm.analysis.answers import Answer, Fact
from broker_crm.analysis.questions import Question
from broker_crm.analysis.questions import answer as answer_to
from broker_crm.analysis.slices import Slice
from broker_crm.people.models import User
from broker_crm.web.answers import scope
from broker_crm.web.answers.asked import Asked
from broker_crm.web.answers.sentences import Said, said


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with what is said of it.

    Attributes:
        question: that was asked.
        part: of the work that was looked at, within what the reader may know.
        answer: about it.
        facts: of it, of which the reader may know.
        team: the same about the whole team, where the answer is about a person.
        ignored: filters that were asked for and say nothing about what is counted.
        said: all of it in words.
    """

    question: Question
    part: Slice
    answer: Answer
    facts: Mapping[str, Fact]
    team: Answer | None
    ignored: tuple[str, ...]
    said: Said


def reply(session: Session, user: User, question: Question, asked: Asked) -> Reply:
    """Answer a question within what the user may know.

    Args:
        session: reads only.
        user: who asks.
        question: one that the user may ask.
        asked: without errors.
    """
    part = scope.within(session, user, question.id, asked.part)
    answer = answer_to(session, question.id, part, asked.by)
    facts = scope.facts(user, answer)
    whole = scope.compared_with(session, part)
    team = None if whole is None else answer_to(session, question.id, whole)
    ignored = tuple(name for name in question.ignores if name in asked.query)
    told = said(session, answer, facts, part.person, team, ignored)
    return Reply(question, part, answer, facts, team, ignored, told)
