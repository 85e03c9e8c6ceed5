"""How an experiment stands: cases by arm, whether they were shared out as planned, looks and what
they said. Figures of the measure are told only by planned looks, and in full once it has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm.analysis.experiments.boundaries import PlannedLook, last_with, planned
from broker_crm.analysis.experiments.effect import Effect, effect, mismatch
from broker_crm.analysis.experiments.measures import Cases, Judged, of_cases
from broker_crm.analysis.ledger import Ledger
from broker_crm.process.experiments.models import (
    LESS_IS_BETTER,
    Arm,
    Experiment,
    ExperimentAssignment,
    ExperimentLook,
    Measure,
    State,
)
from broker_crm.process.models import InstanceStatus, ProcessInstance


@dataclass(frozen=True, slots=True)
class Assigned:
    """One case of an experiment, in the order in which they came."""

    case_id: str
    in_b: bool
    unit: str
    running: bool
    moved: bool
    """To another version than it began on; it still counts in its arm."""


@dataclass(frozen=True, slots=True)
class ArmStands:
    """One arm by numbers of cases.

    Attributes:
        cases: assigned.
        units: cases, clients or salespeople that were drawn.
        running: not ended; None while the experiment is on, when it would tell which arm is faster.
        moved: to another version; they count here all the same.
    """

    cases: int
    units: int
    running: int | None
    moved: int


@dataclass(frozen=True, slots=True)
class Brief:
    """What a list tells of an experiment.

    Attributes:
        cases: that are in it.
        looks: that were taken, in their order.
    """

    cases: int
    looks: Sequence[ExperimentLook]


@dataclass(frozen=True, slots=True)
class Report:
    """How an experiment stands.

    Attributes:
        a, b: the arms.
        ripe: cases whose horizon has passed.
        next_look: the next planned one; None when there is no more.
        mismatch: chance of the arms' numbers, were they shared out as planned; None of no case.
        looks: that were taken, in their order.
        final: all ripe cases, once the experiment has ended; None before.
    """

    a: ArmStands
    b: ArmStands
    ripe: int
    next_look: PlannedLook | None
    mismatch: float | None
    looks: Sequence[ExperimentLook]
    final: Effect | None

    @property
    def cases(self) -> int:
        return self.a.cases + self.b.cases


def briefs(session: Session) -> Callable[[Experiment], Brief]:
    """Of every experiment at once, without measuring a case."""
    counted = dict(
        session.execute(
            select(ExperimentAssignment.experiment_id, func.count()).group_by(
                ExperimentAssignment.experiment_id
            )
        ).all()
    )
    looks: dict[UUID, list[ExperimentLook]] = {}
    for look in session.scalars(select(ExperimentLook).order_by(ExperimentLook.number)):
        looks.setdefault(look.experiment_id, []).append(look)
    return lambda each: Brief(counted.get(each.id, 0), looks.get(each.id, []))


def report(ledger: Ledger, experiment: Experiment) -> Report:
    """How an experiment stands now.

    Args:
        ledger: the columns.
        experiment: a draft too.
    """
    session = ledger.session
    cases = assignments(session, experiment)
    ended = experiment.state == State.ENDED
    a, b = (_stands([each for each in cases if each.in_b is side], ended) for side in (False, True))
    looks = looks_of(session, experiment)
    found = of_cases(ledger, [each.case_id for each in cases], judged(experiment))
    return Report(
        a,
        b,
        int(found.ripe.sum()),
        next_look(experiment, looks, len(cases)),
        mismatch(a.units, b.units, experiment.share_b),
        looks,
        _effect(found.ripe_ones(), cases) if ended and cases else None,
    )


def judged(experiment: Experiment) -> Judged:
    """What an experiment is judged by."""
    return Judged(Measure(experiment.measure), experiment.horizon_days, experiment.step)


def better(experiment: Experiment) -> int:
    """1 where more of the measure is better, −1 where less is."""
    return -1 if experiment.measure in LESS_IS_BETTER else 1


def assignments(session: Session, experiment: Experiment) -> list[Assigned]:
    """The cases of an experiment, in the order in which they came."""
    rows = session.execute(
        select(
            ExperimentAssignment.instance_id,
            ExperimentAssignment.arm,
            ExperimentAssignment.unit_key,
            ProcessInstance.status,
            ProcessInstance.version_id != ProcessInstance.first_version_id,
        )
        .join(ProcessInstance, ProcessInstance.id == ExperimentAssignment.instance_id)
        .where(ExperimentAssignment.experiment_id == experiment.id)
        .order_by(ExperimentAssignment.at, ExperimentAssignment.instance_id)
    )
    return [
        Assigned(case.hex, arm == Arm.B, unit, status == InstanceStatus.ACTIVE, bool(moved))
        for case, arm, unit, status, moved in rows
    ]


def looks_of(session: Session, experiment: Experiment) -> Sequence[ExperimentLook]:
    """The looks that were taken, in their order."""
    return session.scalars(
        select(ExperimentLook)
        .where(ExperimentLook.experiment_id == experiment.id)
        .order_by(ExperimentLook.number)
    ).all()


def next_look(
    experiment: Experiment, taken: Sequence[ExperimentLook], cases: int
) -> PlannedLook | None:
    """The next look; the last one where no more cases come; None when all is said or no case came.

    Args:
        experiment: in any state.
        taken: the looks before.
        cases: that are in it.
    """
    if (taken and taken[-1].is_last) or experiment.state == State.ENDED:
        return None
    number = len(taken) + 1
    plans = planned(experiment.needed, experiment.looks, harm_stop=experiment.harm_stop)
    if experiment.state == State.STOPPED and cases == 0:
        return None
    if experiment.state == State.STOPPED and cases < experiment.needed:
        ahead = [each for each in plans if each.number >= number and each.cases < cases]
        return ahead[0] if ahead else last_with(experiment.looks, number, cases)
    return plans[number - 1] if number <= len(plans) else None


def measured(ledger: Ledger, experiment: Experiment, cases: Sequence[Assigned]) -> Effect:
    """The arms' difference over the ripe ones among some cases, as they were assigned."""
    found = of_cases(ledger, [each.case_id for each in cases], judged(experiment))
    return _effect(found.ripe_ones(), cases)


def _effect(found: Cases, cases: Sequence[Assigned]) -> Effect:
    known = {each.case_id: each for each in cases}
    rows = [known[case_id] for case_id in found.case_id]
    in_b = np.array([each.in_b for each in rows], dtype=bool)
    return effect(found.value, in_b, [each.unit for each in rows])


def smaller_arm(cases: Sequence[Assigned]) -> int:
    """Units of the arm that has fewer."""
    units = {(each.in_b, each.unit) for each in cases}
    counted = Counter(in_b for in_b, _unit in units)
    return min(counted[False], counted[True])


def _stands(cases: Sequence[Assigned], ended: bool) -> ArmStands:
    return ArmStands(
        len(cases),
        len({each.unit for each in cases}),
        sum(each.running for each in cases) if ended else None,
        sum(each.moved for each in cases),
    )
