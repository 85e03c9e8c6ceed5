"""The worker's duty that looks at limits on figures and tells their owners when one is crossed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import settings
from broker_crm.analysis import limits
from broker_crm.analysis.models import FigureLimit
from broker_crm.analysis.questions import answer as answer_to
from broker_crm.outreach import colleagues, notifications
from broker_crm.people.models import User
from broker_crm.process import duties
from broker_crm.web import times
from broker_crm.web.answers import desk, figures, kept_filters, limit_words, scope
from broker_crm.web.answers.sentences.saying import question as words_of
from broker_crm.web.errors import NotPermitted

DUTY = "limits"
KIND = "figure-limit"
"""Of the notification, and of the letter."""
log = logging.getLogger("broker_crm.duties")


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a limit found.

    Attributes:
        value: of the measure; None where nothing can be told.
        n: how many steps or cases it stands on.
        subject: what to say when it is newly crossed, in one line.
        body: the same as a letter, in Markdown.
    """

    value: float | None
    n: int
    subject: str
    body: str


def look(factory: sessionmaker[Session], stopping: Callable[[], bool] = lambda: False) -> int:
    """Look at the limits that are due; safe in several workers at once.

    Args:
        factory: makes sessions.
        stopping: asked before each limit; when true, the rest waits for the next sweep.

    Returns:
        How many people were told.
    """
    with desk.reading(factory) as session:
        waiting = limits.due(session)
    told = 0
    for limit_id in waiting:
        if stopping():
            break
        try:
            told += _look_at(factory, limit_id)
        except DBAPIError:
            raise
        except Exception:
            log.exception("a look at a limit failed; the next sweep tries again")
    return told


def register() -> None:
    """Let workers look; safe to repeat."""
    duties.register(DUTY, look)


def figure(session: Session, user: User, limit: FigureLimit) -> tuple[float | None, int]:
    """The measure of a limit now, within what its owner may know, and its sample.

    Returns:
        None and 0 where the owner may not ask, or a filter is of something that is gone.
    """
    try:
        scope.question(user, limit.question)
    except NotPermitted:
        return None, 0
    today = times.today()
    first = today - timedelta(days=limit.days - 1)
    told = kept_filters.read(session, limit.query, first, today)
    if told.errors:
        return None, 0
    part = scope.within(session, user, limit.question, told.part)
    answer = answer_to(session, limit.question, part)
    value = answer.facts.get(limit.measure) if limit.measure else answer.value
    return None if value is None else float(value), answer.n


def _look_at(factory: sessionmaker[Session], limit_id: int) -> bool:
    with desk.reading(factory) as session:
        limit = session.get(FigureLimit, limit_id)
        user = session.get(User, limit.owner) if limit else None
        if limit is None or user is None:
            return False
        with desk.writing_in(user.language):
            found = _told(session, user, limit)
    with factory.begin() as session:
        if not limits.note(session, limit, found.value, found.n):
            return False
        key = f"{limit.id}:{limit.checks}"
        notifications.tell(session, KIND, key, found.subject, user.login)
        if user.email:
            colleagues.write(session, user, f"{KIND}:{key}", found.subject, found.body)
    return True


def _told(session: Session, user: User, limit: FigureLimit) -> Look:
    value, n = figure(session, user, limit)
    condition = limit_words.condition(limit)
    now = figures.figure(value, limit_words.unit_of(limit))
    subject = _("%(condition)s: now %(figure)s", condition=condition, figure=now)
    about = limit_words.scope(session, limit)
    base = settings.load().base_url
    address = f"{base}/questions/{limit.question}"
    lines = [
        f"**{subject}** (n = {figures.number(n)})",
        " · ".join(filter(None, (words_of(limit.question), about))),
        f"[{_('The question')}]({address}{'?' if limit.query else ''}{limit.query})",
        f"[{_('My limits')}]({base}/limits)",
        _("You will be told again only after the figure has come back and crossed the limit anew."),
    ]
    return Look(value, n, subject, "\n\n".join(lines))
