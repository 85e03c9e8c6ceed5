"""The worker's duty: ends the sharing out when the sample is full or the time over, takes the
planned looks when their cases are ripe, and stops what a look has settled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.analysis.experiments.boundaries import PlannedLook
from broker_crm.analysis.experiments.effect import Verdict, verdict
from broker_crm.analysis.experiments.report import (
    Assigned,
    assignments,
    better,
    judged,
    looks_of,
    measured,
    next_look,
    smaller_arm,
)
from broker_crm.analysis.ledger import ledger
from broker_crm.process import duties
from broker_crm.process.calendars import company_calendar
from broker_crm.process.experiments.conducting import stop
from broker_crm.process.experiments.drawing import assigned
from broker_crm.process.experiments.models import (
    IN_FORCE,
    Experiment,
    ExperimentAssignment,
    ExperimentLook,
    State,
)
from broker_crm.process.experiments.planning import note

DUTY = "experiments"
SETTLES = frozenset({Verdict.B_BETTER, Verdict.B_WORSE, Verdict.HARM})
OPEN = frozenset({State.RUNNING, State.PAUSED})


@dataclass(frozen=True, slots=True)
class Due:
    """A look whose cases are ripe."""

    look: PlannedLook
    cases: list[Assigned]


def register() -> None:
    """Let workers look; safe to repeat."""
    duties.register(DUTY, carry_on)


def carry_on(factory: sessionmaker[Session], stopping: Callable[[], bool] = lambda: False) -> int:
    """Take every look that is due; safe in several workers at once.

    Returns:
        How many looks were taken.
    """
    said_last = exists().where(
        ExperimentLook.experiment_id == Experiment.id, ExperimentLook.is_last
    )
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        wanted = select(Experiment.id).where(Experiment.state.in_(IN_FORCE), ~said_last)
        waiting = list(session.scalars(wanted.order_by(Experiment.started_at)))
    taken = 0
    for experiment_id in waiting:
        if stopping():
            break
        taken += look_at(factory, experiment_id)
    return taken


def look_at(factory: sessionmaker[Session], experiment_id: UUID) -> int:
    """Do what is due for one experiment.

    Returns:
        How many looks were taken.
    """
    _close(factory, experiment_id)
    taken = 0
    while (found := _found(factory, experiment_id)) is not None:
        if not _note(factory, experiment_id, found):
            break
        taken += 1
    return taken


def _close(factory: sessionmaker[Session], experiment_id: UUID) -> None:
    """Let no more cases in once there are enough, or the last day has passed."""
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        if _over(session, session.get_one(Experiment, experiment_id)) is None:
            return
    with factory.begin() as session:
        experiment = session.get_one(Experiment, experiment_id, with_for_update=True)
        reason = _over(session, experiment)
        if reason is not None:
            stop(session, experiment, reason)


def _over(session: Session, experiment: Experiment) -> str | None:
    if experiment.state not in OPEN:
        return None
    today = company_calendar(session).local_day(clock.now())
    if experiment.ends_on is not None and today > experiment.ends_on:
        return "time"
    return "sample" if assigned(session, experiment.id) >= experiment.needed else None


def _found(factory: sessionmaker[Session], experiment_id: UUID) -> ExperimentLook | None:
    """What the next look finds; None when it is not yet due."""
    with factory() as session:
        session.connection(execution_options={"read_only": True})
        experiment = session.get_one(Experiment, experiment_id)
        due = _due(session, experiment)
        if due is None:
            return None
        with ledger(session) as columns:
            found = measured(columns, experiment, due.cases)
        look = due.look
        said = verdict(
            found,
            smaller_arm(due.cases),
            look,
            better(experiment),
            experiment.smallest_difference,
            most=1.0 if judged(experiment).is_share else float(experiment.horizon_days),
        )
        low, high = found.interval(look.bound) or (None, None)
        return ExperimentLook(
            experiment_id=experiment_id,
            number=look.number,
            at=clock.now(),
            n_a=found.n_a,
            n_b=found.n_b,
            mean_a=found.mean_a,
            mean_b=found.mean_b,
            difference=found.difference,
            low=low,
            high=high,
            z=found.z,
            bound=look.bound,
            verdict=said,
            is_last=look.is_last or said in SETTLES,
        )


def _due(session: Session, experiment: Experiment) -> Due | None:
    """The next look, once the horizon of all its cases has passed."""
    if experiment.state not in IN_FORCE:
        return None
    count = assigned(session, experiment.id)
    look = next_look(experiment, looks_of(session, experiment), count)
    if look is None or not 0 < look.cases <= count:
        return None
    ripe = ripe_on(session, experiment, look.cases)
    if ripe is None or company_calendar(session).local_day(clock.now()) < ripe:
        return None
    return Due(look, assignments(session, experiment)[: look.cases])


def ripe_on(session: Session, experiment: Experiment, cases: int) -> date | None:
    """The day on which the horizon of the first cases has passed; None while fewer have come.

    Args:
        session: reads only.
        experiment: on trial.
        cases: how many, at least one.
    """
    newest = session.scalar(
        select(ExperimentAssignment.at)
        .where(ExperimentAssignment.experiment_id == experiment.id)
        .order_by(ExperimentAssignment.at, ExperimentAssignment.instance_id)
        .offset(cases - 1)
        .limit(1)
    )
    if newest is None:
        return None
    calendar = company_calendar(session)
    return calendar.add_working_days(calendar.local_day(newest), experiment.horizon_days + 1)


def _note(factory: sessionmaker[Session], experiment_id: UUID, look: ExperimentLook) -> bool:
    """Write a look down; of several workers that looked at once, one does."""
    with factory.begin() as session:
        experiment = session.get_one(Experiment, experiment_id, with_for_update=True)
        taken = looks_of(session, experiment)
        if experiment.state not in IN_FORCE or len(taken) != look.number - 1:
            return False
        session.add(look)
        session.flush()
        note(session, experiment, "looked", None, look.verdict)
        if look.verdict in SETTLES and experiment.state in OPEN:
            stop(session, experiment, look.verdict)
        elif look.verdict in SETTLES:
            experiment.stop_reason = look.verdict
        return True
