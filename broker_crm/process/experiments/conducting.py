"""Running an experiment: started, paused, gone on with, stopped by its rule, decided."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.definitions.models import ProcessVersion, ResourceKind
from broker_crm.definitions.published import latest_version
from broker_crm.definitions.republish import publish_again, publish_with_text
from broker_crm.process.errors import NotAllowed
from broker_crm.process.experiments.models import (
    IN_FORCE,
    VERSION,
    Decision,
    Experiment,
    ExperimentEvent,
    State,
)
from broker_crm.process.experiments.planning import note
from broker_crm.process.experiments.refusals import ExperimentNotFound, ExperimentRefused
from broker_crm.process.rights import acting_user, may_experiment, may_plan_experiments


def start_experiment(session: Session, experiment_id: UUID, *, by: str) -> Experiment:
    """Let new cases be shared out.

    Args:
        session: the caller commits.
        experiment_id: of a draft.
        by: login.

    Raises:
        NotAllowed: the person starts no experiments.
        ExperimentNotFound: there is none.
        ExperimentRefused: 'not-draft', 'time-over', or 'another-runs' on the same process.
    """
    experiment = _locked(session, experiment_id, by)
    if experiment.state != State.DRAFT:
        raise ExperimentRefused("not-draft")
    now = clock.now()
    if experiment.ends_on is not None and experiment.ends_on <= now.astimezone(OFFICE).date():
        raise ExperimentRefused("time-over")
    if in_force(session, experiment.process_key) is not None:
        raise ExperimentRefused("another-runs")
    experiment.state, experiment.started_at = State.RUNNING, now
    try:
        session.flush()
    except IntegrityError as error:
        raise ExperimentRefused("another-runs") from error
    note(session, experiment, "started", by)
    return experiment


def pause(session: Session, experiment_id: UUID, why: str, *, by: str) -> Experiment:
    """Share out no more new cases for now; they take A and are not in it. Raises as above."""
    experiment = _locked(session, experiment_id, by)
    if experiment.state != State.RUNNING:
        raise ExperimentRefused("not-running")
    experiment.state = State.PAUSED
    note(session, experiment, "paused", by, why)
    return experiment


def resume(session: Session, experiment_id: UUID, *, by: str) -> Experiment:
    """Go on sharing out. Raises as above."""
    experiment = _locked(session, experiment_id, by)
    if experiment.state != State.PAUSED:
        raise ExperimentRefused("not-paused")
    experiment.state = State.RUNNING
    note(session, experiment, "resumed", by)
    return experiment


def stop(session: Session, experiment: Experiment, reason: str) -> None:
    """Its rule stops it: new cases take A until a person decides.

    Args:
        session: the caller commits.
        experiment: running or paused, locked by the caller.
        reason: 'sample', 'time', 'b-better', 'b-worse' or 'harm'.
    """
    experiment.state, experiment.stop_reason = State.STOPPED, reason
    note(session, experiment, "stopped", None, reason)


def discard(session: Session, experiment_id: UUID, *, by: str) -> None:
    """Throw a draft away; whoever may plan may do so.

    Raises:
        NotAllowed, ExperimentNotFound: as above.
        ExperimentRefused: 'not-draft'.
    """
    if not may_plan_experiments(acting_user(session, by)):
        raise NotAllowed("Only designers, analysts, sales managers and administrators may do this.")
    experiment = _found(session, experiment_id)
    if experiment.state != State.DRAFT:
        raise ExperimentRefused("not-draft")
    session.execute(delete(ExperimentEvent).where(ExperimentEvent.experiment_id == experiment_id))
    session.delete(experiment)
    session.flush()


def end(
    session: Session,
    experiment_id: UUID,
    decision: Decision,
    why: str,
    *,
    by: str,
    keep_newer: bool = False,
) -> Experiment:
    """End an experiment with a decision. Running cases stay as they are.

    What was decided is published again where the latest version says something else.

    Args:
        session: the caller commits.
        experiment_id: one that runs, is paused, or was stopped by its rule.
        decision: what follows; A stays where nothing was decided.
        why: in the person's words.
        by: login.
        keep_newer: new cases take the version that was published meanwhile, whatever was decided.

    Raises:
        NotAllowed, ExperimentNotFound: as above.
        ExperimentRefused: 'not-to-decide'.
        DiagramRejected: today's rules refuse the version that was decided for.
    """
    experiment = _locked(session, experiment_id, by)
    if experiment.state not in IN_FORCE:
        raise ExperimentRefused("not-to-decide")
    experiment.state, experiment.decision = State.ENDED, decision
    experiment.decision_note, experiment.ended_at = why.strip()[:1000], clock.now()
    if not (keep_newer and newer_version(session, experiment) is not None):
        _publish(session, experiment, by)
    experiment.decided_version_id = latest_version(session, experiment.process_key).id
    note(session, experiment, "ended", by, why)
    return experiment


def in_force(session: Session, process_key: str) -> Experiment | None:
    """The experiment of a process that runs, is paused, or waits for a decision."""
    return session.scalar(
        select(Experiment).where(
            Experiment.process_key == process_key, Experiment.state.in_(IN_FORCE)
        )
    )


def newer_version(session: Session, experiment: Experiment) -> ProcessVersion | None:
    """The latest version, where it was published since the plan and is neither arm's."""
    latest = latest_version(session, experiment.process_key)
    arms = [
        session.get_one(ProcessVersion, each)
        for each in (experiment.version_a_id, experiment.version_b_id)
    ]
    said = {each.content_hash for each in arms}
    since = latest.published_at >= experiment.created_at
    return latest if since and latest.content_hash not in said else None


def experiments(session: Session) -> Sequence[Experiment]:
    """All of them, those in force first, then the newest."""
    found = session.scalars(select(Experiment).order_by(Experiment.created_at.desc())).all()
    order = {State.STOPPED: 0, State.RUNNING: 1, State.PAUSED: 2, State.DRAFT: 3, State.ENDED: 4}
    return sorted(found, key=lambda each: order[State(each.state)])


def _publish(session: Session, experiment: Experiment, by: str) -> None:
    a, b = experiment.version_a_id, experiment.version_b_id
    if experiment.decision == Decision.B and experiment.compared != VERSION:
        text = (ResourceKind(experiment.compared), experiment.template_key or "")
        publish_with_text(session, a, text, b, author=by, note=experiment.name)
    else:
        decided = b if experiment.decision == Decision.B else a
        publish_again(session, decided, author=by, note=experiment.name)


def _locked(session: Session, experiment_id: UUID, by: str) -> Experiment:
    """The experiment, once no start that draws from it is under way."""
    if not may_experiment(acting_user(session, by)):
        raise NotAllowed("Only a sales manager, a designer or an administrator may do this.")
    return _found(session, experiment_id)


def _found(session: Session, experiment_id: UUID) -> Experiment:
    experiment = session.get(
        Experiment, experiment_id, with_for_update=True, populate_existing=True
    )
    if experiment is None:
        raise ExperimentNotFound(experiment_id)
    return experiment
