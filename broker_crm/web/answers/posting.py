"""The worker's duty that mails the report of the week to those who subscribed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, settings
from broker_crm.analysis import subscriptions
from broker_crm.analysis.models import ReportSubscription
from broker_crm.outreach import colleagues, pdf
from broker_crm.outreach.letters import Attachment
from broker_crm.people.models import User
from broker_crm.process import duties
from broker_crm.web.answers import desk, scope, weekly

DUTY = "weekly-reports"
KIND = "weekly-report"
"""Of the letter."""
log = logging.getLogger("broker_crm.duties")


@dataclass(frozen=True, slots=True)
class Post:
    """A report as it is mailed; without a file where its reader may ask nothing any more."""

    subject: str = ""
    body: str = ""
    file: Attachment | None = None


def post(factory: sessionmaker[Session], stopping: Callable[[], bool] = lambda: False) -> int:
    """Queue the reports that are owed; safe in several workers at once.

    Args:
        factory: makes sessions.
        stopping: asked before each report; when true, the rest waits for the next sweep.

    Returns:
        How many were queued.
    """
    with desk.reading(factory) as session:
        owed = subscriptions.due(session)
    queued = 0
    for login in owed:
        if stopping():
            break
        try:
            queued += _post_to(factory, login)
        except DBAPIError:
            raise
        except Exception:
            log.exception("a weekly report failed; the next sweep tries again")
    return queued


def register() -> None:
    """Let workers mail; safe to repeat."""
    duties.register(DUTY, post)


def _post_to(factory: sessionmaker[Session], login: str) -> bool:
    with desk.reading(factory) as session:
        kept = session.get(ReportSubscription, login)
        user = session.get(User, login)
        if kept is None or user is None:
            return False
        day = subscriptions.last_sending(kept.weekday, clock.now())
        with desk.writing_in(user.language):
            made = _written(session, user, kept.query, subscriptions.week_before(day))
    with factory.begin() as session:
        if not subscriptions.claim(session, login, day) or made.file is None or not user.email:
            return False
        key = f"{KIND}:{login}:{day}"
        colleagues.write(session, user, key, made.subject, made.body, [made.file])
    return True


def _written(session: Session, user: User, query: str, monday: date) -> Post:
    told_of = [each for each in scope.questions(user) if each.id in weekly.TOLD]
    if not told_of or weekly.asked(session, query, monday).errors:
        return Post()
    told = weekly.report(session, user, query, monday)
    name = weekly.week_name(monday)
    more = f"&{query}" if query else ""
    address = f"{settings.load().base_url}/reports/weekly?week={name}{more}"
    lines = [
        f"# {told.title}",
        told.about,
        *(_in_brief(each) for each in told.chapters if each.sentences),
        f"[{_('The report on its page, where it can be ended')}]({address})",
    ]
    content = weekly.drawn(told, user.language, clock.now())
    file = Attachment(f"{name}.pdf", pdf.MEDIA_TYPE, content)
    return Post(told.title, "\n\n".join(lines), file)


def _in_brief(chapter: weekly.Chapter) -> str:
    """A question, its answer, and what has changed since the week before."""
    change = f" {chapter.change}." if chapter.change else ""
    return f"**{chapter.question}** {chapter.sentences[0]}{change}"
