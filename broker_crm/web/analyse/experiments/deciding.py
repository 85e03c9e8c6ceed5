"""What people do with an experiment: start, pause, go on, throw a draft away, decide."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.definitions.findings import DiagramRejected
from broker_crm.process import experiments
from broker_crm.process.experiments import Decision, ExperimentNotFound, ExperimentRefused
from broker_crm.web import database
from broker_crm.web.analyse.experiments import words
from broker_crm.web.errors import NotFound, Unreadable
from broker_crm.web.sign_in import person
from broker_crm.web.wording import word

blueprint = Blueprint("experiment_deciding", __name__)


@blueprint.post("/analysis/experiments/<uuid:experiment_id>/start")
def start(experiment_id: UUID) -> ResponseReturnValue:
    by = person().login
    return _done(
        experiment_id,
        lambda session: experiments.start_experiment(session, experiment_id, by=by),
        _("The experiment runs: new cases are shared out from now on."),
    )


@blueprint.post("/analysis/experiments/<uuid:experiment_id>/pause")
def pause(experiment_id: UUID) -> ResponseReturnValue:
    by, why = person().login, request.form.get("note", "")
    return _done(
        experiment_id,
        lambda session: experiments.pause(session, experiment_id, why, by=by),
        _("The experiment is paused: new cases take A and are not in it."),
    )


@blueprint.post("/analysis/experiments/<uuid:experiment_id>/resume")
def resume(experiment_id: UUID) -> ResponseReturnValue:
    by = person().login
    return _done(
        experiment_id,
        lambda session: experiments.resume(session, experiment_id, by=by),
        _("The experiment runs again."),
    )


@blueprint.post("/analysis/experiments/<uuid:experiment_id>/discard")
def discard(experiment_id: UUID) -> ResponseReturnValue:
    by = person().login
    return _done(
        experiment_id,
        lambda session: experiments.discard(session, experiment_id, by=by),
        _("The draft is gone."),
        redirect(url_for("experiments.listing"), 303),
    )


@blueprint.post("/analysis/experiments/<uuid:experiment_id>/end")
def end(experiment_id: UUID) -> ResponseReturnValue:
    by, told = person().login, request.form.get("decision", "")
    if told not in set(Decision):
        raise Unreadable(_("Choose what follows from the experiment."))
    return _done(
        experiment_id,
        lambda session: experiments.end(
            session,
            experiment_id,
            Decision(told),
            request.form.get("note", ""),
            by=by,
            keep_newer=request.form.get("keep_newer") == "yes",
        ),
        _("The experiment has ended: %(decision)s.", decision=word(words.DECISION, told)),
    )


def _done(
    experiment_id: UUID,
    act: Callable[[Session], object],
    said: str,
    then: ResponseReturnValue | None = None,
) -> ResponseReturnValue:
    """Do it in a transaction of its own, and say what came of it."""
    here = redirect(url_for("experiments.show", experiment_id=experiment_id), 303)
    database.reread()
    try:
        with database.writing() as session:
            act(session)
    except ExperimentNotFound as error:
        raise NotFound from error
    except ExperimentRefused as refusal:
        flash(word(words.REFUSAL, refusal.code), "bad")
        return here
    except DiagramRejected as error:
        first = str(error).splitlines()[0]
        flash(_("Today's rules refuse this version: %(why)s", why=first), "bad")
        return here
    flash(said, "good")
    return then if then is not None else here
