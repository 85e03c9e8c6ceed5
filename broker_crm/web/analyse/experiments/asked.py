"""Reads the form of a new experiment: the plan, the part of the past that tells its sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from typing import Any

from sqlalchemy.orm import Session

from broker_crm.analysis.experiments import Forecast, forecast
from broker_crm.analysis.experiments.measures import Judged
from broker_crm.analysis.experiments.sample import Design
from broker_crm.analysis.ledger import ledger
from broker_crm.analysis.slices import Slice
from broker_crm.definitions.models import ProcessVersion
from broker_crm.process.experiments import Expected, Measure, Plan, Unit
from broker_crm.process.experiments.models import OF_SHARES, VERSION
from broker_crm.process.experiments.planning import HORIZONS, LOOKS, SHARES, most, problems

USUAL = {
    "compared": VERSION,
    "share_b": "50",
    "unit": Unit.CASE.value,
    "measure": Measure.WON.value,
    "horizon_days": "30",
    "smallest_difference": "10",
    "looks": "3",
    "harm_stop": "yes",
}
"""What the empty form offers."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A plan as it was typed.

    Attributes:
        plan: as far as it can be read.
        wrong: codes by field.
        typed: what stood in the fields.
    """

    plan: Plan
    wrong: dict[str, str]
    typed: Mapping[str, str] = field(default_factory=dict)


def read(session: Session, process_key: str, typed: Mapping[str, str]) -> Asked:
    """The plan of a form, with what is wrong with it.

    Args:
        session: for reading.
        process_key: of a published process.
        typed: fields by name.
    """
    told = {name: text.strip() for name, text in typed.items()}
    plan = plan_of(process_key, told)
    wrong = {"ends_on": "past"} if told.get("ends_on") and plan.ends_on is None else {}
    wrong |= {name: code for name, code in problems(session, plan) if name not in wrong}
    return Asked(plan, wrong, told)


def plan_of(process_key: str, typed: Mapping[str, str]) -> Plan:
    """The plan of a form, as far as it can be read."""
    told = {name: text.strip() for name, text in typed.items()}
    kind, _colon, key = told.get("compared", "").partition(":")
    measure = told.get("measure", "")
    return Plan(
        process_key=process_key,
        name=told.get("name", ""),
        hypothesis=told.get("hypothesis", ""),
        version_a_id=_whole(told.get("version_a_id", "")),
        version_b_id=_whole(told.get("version_b_id", "")),
        measure=measure,
        horizon_days=_whole(told.get("horizon_days", "")),
        smallest_difference=_difference(told.get("smallest_difference", ""), measure),
        compared=kind or VERSION,
        template_key=key or None,
        step=told.get("step") or None,
        share_b=_whole(told.get("share_b", "")),
        unit=told.get("unit", ""),
        balanced=told.get("balanced") == "yes",
        looks=_whole(told.get("looks", "")),
        harm_stop=told.get("harm_stop") == "yes",
        ends_on=_day(told.get("ends_on", "")),
    )


def sample(session: Session, plan: Plan) -> Forecast | None:
    """What the past says of a plan; None where the plan does not say enough."""
    measurable = plan.measure in set(Measure) and plan.horizon_days in HORIZONS
    if not measurable or not 0 < plan.smallest_difference < most(plan):
        return None
    if plan.measure == Measure.CONVERSION and not plan.step:
        return None
    if plan.looks not in LOOKS or plan.share_b not in SHARES:
        return None
    version = session.get(ProcessVersion, plan.version_a_id)
    part = Slice(process=plan.process_key, version=version.number if version else None)
    judged = Judged(Measure(plan.measure), plan.horizon_days, plan.step)
    design = Design(plan.smallest_difference, plan.share_b, plan.looks, plan.unit)
    with ledger(session) as columns:
        return forecast(columns, part, judged, design)


def expected(told: Forecast | None) -> Expected:
    """What is written down of a forecast; a needed sample of 0 is refused."""
    if told is None or told.needed is None:
        return Expected(0.0, 0.0, 0, 0.0, 0)
    return Expected(told.mean or 0.0, told.spread, told.cases, told.per_day, told.needed)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _difference(text: str, measure: str) -> float:
    """Typed in percentage points, or working days; 0 where it is no number."""
    try:
        value = float("".join(text.split()).replace(",", ".").rstrip("%"))
    except ValueError:
        return 0.0
    if not isfinite(value):
        return 0.0
    return value / 100 if measure in OF_SHARES else value


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def usual(versions: list[ProcessVersion]) -> dict[str, Any]:
    """The fields of an empty form: the latest version against the one before."""
    newest = versions[0].id
    before = versions[1].id if len(versions) > 1 else newest
    return {**USUAL, "version_a_id": str(before), "version_b_id": str(newest)}
