"""Experiments: every case began on the version of its arm, and its history says the same."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from broker_crm.engine.transition import EventKind
from broker_crm.integrity.invariant import holds
from broker_crm.process.experiments.models import (
    VERSION,
    Arm,
    Experiment,
    ExperimentAssignment,
    State,
)
from broker_crm.process.models import ProcessEvent, ProcessInstance

OF_ARM = case(
    (
        and_(ExperimentAssignment.arm == Arm.B, Experiment.compared == VERSION),
        Experiment.version_b_id,
    ),
    else_=Experiment.version_a_id,
)


@holds("A case in an experiment began on the version of its arm")
def began_on_the_version(session: Session) -> Iterator[tuple[str, str]]:
    wrong = (
        select(ExperimentAssignment.instance_id, ExperimentAssignment.arm)
        .join(Experiment, Experiment.id == ExperimentAssignment.experiment_id)
        .join(ProcessInstance, ProcessInstance.id == ExperimentAssignment.instance_id)
        .where(
            or_(
                ProcessInstance.first_version_id != OF_ARM,
                ExperimentAssignment.arm.not_in(list(Arm)),
            )
        )
    )
    for instance_id, arm in session.execute(wrong):
        yield f"instance {instance_id}", f"it is in arm {arm} and began on another version"


@holds("A case's arm and its history agree")
def rows_and_events_agree(session: Session) -> Iterator[tuple[str, str]]:
    said = {
        instance_id: told
        for instance_id, told, times in session.execute(
            select(ProcessEvent.instance_id, func.min(_TOLD), func.count())
            .where(ProcessEvent.kind == EventKind.EXPERIMENT_ASSIGNED)
            .group_by(ProcessEvent.instance_id)
        )
        if times == 1
    }
    rows = session.execute(
        select(
            ExperimentAssignment.instance_id,
            ExperimentAssignment.experiment_id,
            ExperimentAssignment.arm,
        )
    )
    for instance_id, experiment_id, arm in rows:
        if said.pop(instance_id, None) != f"{experiment_id} {arm}":
            yield f"instance {instance_id}", f"its history does not say once that it is in {arm}"
    for instance_id in said:
        yield f"instance {instance_id}", "its history tells of an arm that it does not have"


_TOLD = ProcessEvent.value["experiment"].as_string() + " " + ProcessEvent.value["arm"].as_string()


@holds("An experiment has ended with a decision, or goes on without one")
def ended_with_a_decision(session: Session) -> Iterator[tuple[str, str]]:
    ended = Experiment.state == State.ENDED
    wrong = select(Experiment.id, Experiment.state).where(
        or_(
            ended != Experiment.decision.is_not(None),
            ended != Experiment.ended_at.is_not(None),
            Experiment.state.not_in(list(State)),
            (Experiment.state == State.DRAFT) != Experiment.started_at.is_(None),
        )
    )
    for experiment_id, state in session.execute(wrong):
        yield f"experiment {experiment_id}", f"it is {state}, and its decision or dates say not"


INVARIANTS = (began_on_the_version, rows_and_events_agree, ended_with_a_decision)
