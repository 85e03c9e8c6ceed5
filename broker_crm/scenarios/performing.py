"""Lives a scenario through from its beginning, and tells what was seen and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from broker_crm.definitions.bundle import Bundle
from broker_crm.definitions.published import compiled, latest_version
from broker_crm.scenarios import acting, casting, seeing, verdict
from broker_crm.scenarios.coverage import Coverage, covered
from broker_crm.scenarios.errors import ActFailed, Problem
from broker_crm.scenarios.scenario import Look, Scenario
from broker_crm.scenarios.seeing import Seen
from broker_crm.scenarios.stage import Stage, opened
from broker_crm.scenarios.verdict import Verdict


@dataclass
class Performance:
    """How a scenario went."""

    process: str
    name: str
    problem: Problem | None = None
    """Where it stopped; None when it came to its end."""
    done: int = 0
    """Steps that were carried out."""
    verdicts: list[Verdict] = field(default_factory=list)
    coverage: Coverage | None = None
    seen: Seen | None = None
    """The end, or the moment before what could not be carried out."""
    seconds: float = 0.0

    @property
    def kept(self) -> bool:
        """True when it came to its end and every expectation was kept."""
        return self.problem is None and all(each.kept for each in self.verdicts)

    def as_dict(self) -> dict[str, object]:
        return {
            "process": self.process,
            "name": self.name,
            "kept": self.kept,
            "problem": self.problem.as_dict() if self.problem else None,
            "done": self.done,
            "verdicts": [each.as_dict() for each in self.verdicts],
            "coverage": self.coverage.as_dict() if self.coverage else None,
            "seen": self.seen,
            "seconds": round(self.seconds, 3),
        }


def perform(
    bundles: Sequence[Bundle], scenario: Scenario, *, closely: str | None = None
) -> Performance:
    """Live a scenario through on a stage of its own.

    Args:
        bundles: the processes to publish there.
        scenario: what to do.
        closely: language of a reader who wants to see letters, help and history at the end.
    """
    began = monotonic()
    performance = Performance(scenario.process, scenario.name)
    with opened(bundles, scenario.begins) as stage:
        try:
            instance_id = _begin(stage, scenario)
        except ActFailed as failed:
            performance.problem = failed.problem
        else:
            _go_on(stage, scenario, instance_id, performance)
            _end(stage, scenario, instance_id, performance, closely)
    performance.seconds = monotonic() - began
    return performance


def _begin(stage: Stage, scenario: Scenario) -> UUID:
    with stage.factory.begin() as session:
        instance_id = casting.begin(session, scenario)
    acting.work(stage)
    acting.refuse_if_stopped(stage, instance_id, "begins")
    return instance_id


def _go_on(stage: Stage, scenario: Scenario, instance_id: UUID, performance: Performance) -> None:
    for number, act in enumerate(scenario.steps):
        place = f"steps[{number}]"
        try:
            if not isinstance(act.what, Look):
                acting.act(stage, instance_id, act, place)
        except ActFailed as failed:
            performance.problem = failed.problem
            return
        performance.done = number + 1
        if act.expect is not None:
            with stage.factory() as session:
                seen = seeing.look(session, instance_id)
            performance.verdicts += verdict.judged(act.expect, seen, f"{place}.expect")


def _end(
    stage: Stage,
    scenario: Scenario,
    instance_id: UUID,
    performance: Performance,
    closely: str | None,
) -> None:
    with stage.factory() as session:
        if closely is None:
            seen = seeing.look(session, instance_id)
        else:
            seen = seeing.look_closely(session, instance_id, closely)
        version = latest_version(session, scenario.process)
        process = compiled(session, version.id)
    performance.seen = seen
    performance.coverage = covered(process, seen["passed"], seen["flows"])
    if scenario.expect is not None and performance.problem is None:
        performance.verdicts += verdict.judged(scenario.expect, seen, "expect")
