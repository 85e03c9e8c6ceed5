"""Planning an experiment: what is compared, for whom, by which measure, and when it stops."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import isfinite

from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.definitions.findings import Severity
from broker_crm.definitions.lint import lint
from broker_crm.definitions.models import ProcessVersion, ResourceKind
from broker_crm.definitions.published import compiled
from broker_crm.definitions.republish import bundle_with_text, is_wording, published_bundle
from broker_crm.process.errors import NotAllowed
from broker_crm.process.experiments.models import (
    OF_SHARES,
    VERSION,
    Experiment,
    ExperimentEvent,
    Measure,
    State,
    Unit,
)
from broker_crm.process.experiments.refusals import PlanRefused
from broker_crm.process.rights import acting_user, may_plan_experiments

TEXTS = (ResourceKind.LETTER, ResourceKind.SCRIPT, ResourceKind.DOCUMENT)
SHARES = range(5, 100, 5)
"""Per cent that B may get; of all of them there are balanced blocks of at most twenty."""
HORIZONS = range(1, 251)
"""Working days."""
LOOKS = range(1, 6)
MOST_NEEDED = 1_000_000


@dataclass(frozen=True, slots=True)
class Expected:
    """What the past says, as it is reckoned when the experiment is planned; see the columns."""

    base_mean: float
    base_spread: float
    base_cases: int
    arrivals_per_day: float
    needed: int


@dataclass(frozen=True, slots=True)
class Plan:
    """An experiment as somebody wants it; the fields are those of the table."""

    process_key: str
    name: str
    hypothesis: str
    version_a_id: int
    version_b_id: int
    measure: str
    horizon_days: int
    smallest_difference: float
    compared: str = VERSION
    template_key: str | None = None
    step: str | None = None
    share_b: int = 50
    unit: str = Unit.CASE
    balanced: bool = False
    looks: int = 1
    harm_stop: bool = False
    ends_on: date | None = None


def plan(
    session: Session, wanted: Plan, expected: Expected, *, by: str, seed: str | None = None
) -> Experiment:
    """Write the plan down as a draft.

    Args:
        session: the caller commits.
        wanted: the plan.
        expected: what the past says of it.
        by: login.
        seed: key of the draws; a new secret one by default.

    Raises:
        NotAllowed: the person plans no experiments.
        PlanRefused: naming the fields that are wrong.
    """
    if not may_plan_experiments(acting_user(session, by)):
        raise NotAllowed("Only designers, analysts, sales managers and administrators may do this.")
    found = dict(problems(session, wanted))
    if not 0 < expected.needed <= MOST_NEEDED:
        found.setdefault("measure", "no-past-cases")
    if found:
        raise PlanRefused(found)
    experiment = Experiment(
        process_key=wanted.process_key,
        name=wanted.name.strip()[:200],
        hypothesis=wanted.hypothesis.strip()[:1000],
        compared=wanted.compared,
        template_key=wanted.template_key if wanted.compared != VERSION else None,
        version_a_id=wanted.version_a_id,
        version_b_id=wanted.version_b_id,
        share_b=wanted.share_b,
        unit=wanted.unit,
        balanced=wanted.balanced,
        measure=wanted.measure,
        step=wanted.step if wanted.measure == Measure.CONVERSION else None,
        horizon_days=wanted.horizon_days,
        smallest_difference=wanted.smallest_difference,
        base_mean=expected.base_mean,
        base_spread=expected.base_spread,
        base_cases=expected.base_cases,
        arrivals_per_day=expected.arrivals_per_day,
        needed=expected.needed,
        looks=wanted.looks,
        harm_stop=wanted.harm_stop,
        ends_on=wanted.ends_on,
        seed=seed or secrets.token_hex(32),
        state=State.DRAFT,
        created_by=by,
        created_at=clock.now(),
    )
    session.add(experiment)
    session.flush()
    note(session, experiment, "planned", by)
    return experiment


def note(
    session: Session, experiment: Experiment, kind: str, by: str | None, told: str = ""
) -> None:
    """Write down who did what with an experiment."""
    session.add(
        ExperimentEvent(
            experiment_id=experiment.id,
            kind=kind,
            at=clock.now(),
            actor=by,
            note=told.strip()[:1000],
        )
    )
    session.flush()


def problems(session: Session, wanted: Plan) -> Iterator[tuple[str, str]]:
    """Fields of a plan that are wrong, with the code of why."""
    if not wanted.name.strip():
        yield "name", "missing"
    if not wanted.hypothesis.strip():
        yield "hypothesis", "missing"
    yield from _of_measure(wanted)
    if wanted.share_b not in SHARES:
        yield "share_b", "share"
    if wanted.unit not in set(Unit):
        yield "unit", "unknown"
    if wanted.balanced and wanted.unit != Unit.CASE:
        yield "balanced", "needs-cases"
    if wanted.looks not in LOOKS:
        yield "looks", "looks"
    if wanted.harm_stop and wanted.looks == 1:
        yield "harm_stop", "needs-looks"
    if wanted.ends_on is not None and wanted.ends_on <= clock.now().astimezone(OFFICE).date():
        yield "ends_on", "past"
    yield from _of_arms(session, wanted)


def _of_measure(wanted: Plan) -> Iterator[tuple[str, str]]:
    if wanted.measure not in set(Measure):
        yield "measure", "unknown"
    if wanted.measure == Measure.CONVERSION and not wanted.step:
        yield "step", "missing"
    if wanted.horizon_days not in HORIZONS:
        yield "horizon_days", "horizon"
    if not (isfinite(wanted.smallest_difference) and 0 < wanted.smallest_difference < most(wanted)):
        yield "smallest_difference", "difference"


def most(wanted: Plan) -> float:
    """By which a case can differ from another: 1 of shares, the horizon of days."""
    return 1.0 if wanted.measure in OF_SHARES else float(wanted.horizon_days)


def _of_arms(session: Session, wanted: Plan) -> Iterator[tuple[str, str]]:
    versions = {}
    for field in ("version_a_id", "version_b_id"):
        version = session.get(ProcessVersion, getattr(wanted, field))
        if version is None or version.process_key != wanted.process_key:
            yield field, "unknown"
        else:
            versions[field] = version
    if len(versions) < 2:
        return
    if wanted.measure == Measure.CONVERSION and wanted.step:
        run_on = [versions["version_a_id"]]
        if wanted.compared == VERSION:
            run_on.append(versions["version_b_id"])
        if any(wanted.step not in _steps(session, version) for version in run_on):
            yield "step", "unknown"
    if wanted.compared in TEXTS:
        yield from _of_texts(session, wanted)
    elif wanted.compared != VERSION:
        yield "compared", "unknown"
    elif versions["version_a_id"].content_hash == versions["version_b_id"].content_hash:
        yield "version_b_id", "same-content"
    else:
        starts = [compiled(session, each.id).start_event for each in versions.values()]
        if len({(each.event, each.event_name) for each in starts}) > 1:
            yield "version_b_id", "start-differs"


def _steps(session: Session, version: ProcessVersion) -> set[str]:
    return {element.step for element in compiled(session, version.id).user_tasks.values()}


def _of_texts(session: Session, wanted: Plan) -> Iterator[tuple[str, str]]:
    if not wanted.template_key:
        yield "template_key", "missing"
        return
    text = (ResourceKind(wanted.compared), wanted.template_key)
    said_a, said_b = (
        {
            file.name: file.hash
            for file in published_bundle(session, version_id).files
            if is_wording(file, text)
        }
        for version_id in (wanted.version_a_id, wanted.version_b_id)
    )
    if not said_a or not said_b:
        yield "template_key", "unknown"
    elif said_a == said_b:
        yield "version_b_id", "same-content"
    elif any(
        finding.severity is Severity.ERROR
        for finding in lint(
            bundle_with_text(session, wanted.version_a_id, text, wanted.version_b_id)
        )
    ):
        yield "version_b_id", "does-not-fit"
