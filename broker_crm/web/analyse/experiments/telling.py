"""The worker's duty that tells in the bell what a look found, and that no more cases enter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.analysis.experiments.effect import Verdict
from broker_crm.outreach import notifications
from broker_crm.people.models import User
from broker_crm.process import duties
from broker_crm.process.experiments import Experiment, ExperimentEvent
from broker_crm.web.analyse.experiments import words
from broker_crm.web.answers import desk
from broker_crm.web.wording import word

DUTY = "experiment-news"
KIND = "experiment"
"""Of the notification."""
FRESH = timedelta(hours=1)
"""A worker that has stood still tells what it did since."""


def tell(factory: sessionmaker[Session], stopping: Callable[[], bool] = lambda: False) -> int:
    """Tell who planned and who started an experiment what it did by itself; each thing once.

    Returns:
        How many people were told.
    """
    with desk.reading(factory) as session:
        news = _news(session)
    told = 0
    for about, login, said in news:
        if stopping():
            break
        with factory.begin() as session:
            told += notifications.tell(session, KIND, about, said, login)
    return told


def register() -> None:
    """Let workers tell; safe to repeat."""
    duties.register(DUTY, tell)


def _news(session: Session) -> list[tuple[str, str, str]]:
    """What is to be told: about what, to whom, in that person's language."""
    happened = session.execute(
        select(ExperimentEvent, Experiment)
        .join(Experiment, Experiment.id == ExperimentEvent.experiment_id)
        .where(
            ExperimentEvent.at >= clock.now() - FRESH,
            or_(
                ExperimentEvent.kind == "stopped",
                (ExperimentEvent.kind == "looked") & (ExperimentEvent.note != Verdict.GO_ON),
            ),
        )
        .order_by(ExperimentEvent.id)
    ).all()
    found = []
    for event, experiment in happened:
        for user in _people(session, experiment):
            with desk.writing_in(user.language):
                found.append((str(event.id), user.login, _said(event, experiment)))
    return found


def _said(event: ExperimentEvent, experiment: Experiment) -> str:
    if event.kind == "stopped":
        why = word(words.STOP, event.note)
        return _("“%(name)s”: no more cases enter, %(why)s", name=experiment.name, why=why)
    what = word(words.LOOK, event.note)
    return _("“%(name)s”: %(what)s", name=experiment.name, what=what)


def _people(session: Session, experiment: Experiment) -> list[User]:
    began = select(ExperimentEvent.actor).where(
        ExperimentEvent.experiment_id == experiment.id, ExperimentEvent.kind == "started"
    )
    logins = {experiment.created_by, *session.scalars(began)}
    people = select(User).where(User.login.in_(logins), User.active).order_by(User.login)
    return list(session.scalars(people).unique())
