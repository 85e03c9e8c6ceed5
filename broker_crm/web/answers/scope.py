"""Who may ask what: all questions, those on own products, or only one's own figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.analysis.answers import Answer, Fact
from broker_crm.analysis.questions import QUESTIONS, Question
from broker_crm.analysis.slices import Slice
from broker_crm.crm.models import Product
from broker_crm.people.models import Role, User
from broker_crm.web.errors import NotFound, NotPermitted

ASKS_ALL = frozenset({Role.SALES_MANAGER, Role.ANALYST, Role.ADMINISTRATOR})
OF_PRODUCTS = ("Q8", "Q9", "Q10")
"""What a product manager asks, of the own products."""
OF_COLLEAGUES = ("approver",)
"""Breakdowns whose rows are other people."""
COLLEAGUES = ("best", "best_ratio")
"""Facts that name other people."""


def own_only(user: User, question_id: str | None = None) -> bool:
    """True for those who see their own figures and the team's, and nobody else's rows."""
    if user.roles & ASKS_ALL:
        return False
    return not (question_id in OF_PRODUCTS and Role.PRODUCT_MANAGER in user.roles)


def questions(user: User) -> list[Question]:
    """The questions that the user may ask."""
    if user.roles & ASKS_ALL or Role.SALESPERSON in user.roles:
        return list(QUESTIONS.values())
    if Role.PRODUCT_MANAGER in user.roles:
        return [QUESTIONS[each] for each in OF_PRODUCTS]
    return []


def question(user: User, question_id: str) -> Question:
    """One question.

    Raises:
        NotFound: there is none of this id.
        NotPermitted: the user may not ask it.
    """
    if question_id not in QUESTIONS:
        raise NotFound
    found = QUESTIONS[question_id]
    if found not in questions(user):
        raise NotPermitted
    return found


def breakdowns(user: User, asked: Question) -> tuple[str, ...]:
    """What the user may tell the answer apart by."""
    if own_only(user, asked.id):
        return tuple(each for each in asked.breakdowns if each not in OF_COLLEAGUES)
    return asked.breakdowns


def compares(user: User, asked: Question) -> bool:
    """May the user choose a team to compare with?"""
    return asked.compares and not own_only(user, asked.id)


def within(session: Session, user: User, question_id: str, part: Slice) -> Slice:
    """The part of the work of which the user may know, whatever was asked for."""
    if user.roles & ASKS_ALL:
        return part
    if own_only(user, question_id):
        return replace(part, person=user.login, team=None, against=None)
    keys = select(Product.key).where(Product.product_manager == user.login).order_by(Product.key)
    return replace(part, products=tuple(session.scalars(keys)))


def compared_with(session: Session, part: Slice) -> Slice | None:
    """The same work of the person's whole team; None without a person, or without a team."""
    if part.person is None:
        return None
    team = session.scalar(select(User.team_key).where(User.login == part.person))
    return None if team is None else replace(part, person=None, team=team)


def facts(user: User, answer: Answer) -> Mapping[str, Fact]:
    """The facts of an answer of which the user may know."""
    if own_only(user, answer.id):
        return {name: fact for name, fact in answer.facts.items() if name not in COLLEAGUES}
    return answer.facts
