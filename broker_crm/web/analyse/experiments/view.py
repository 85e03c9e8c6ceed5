"""What the pages of experiments show: heads of the list, one in full, its looks and cases."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.analysis.estimates import SMALL, Z
from broker_crm.analysis.experiments import Brief, Report
from broker_crm.analysis.experiments.effect import MISMATCH
from broker_crm.analysis.experiments.looking import ripe_on
from broker_crm.process import experiments
from broker_crm.process.experiments import (
    Arm,
    Decision,
    Experiment,
    ExperimentAssignment,
    ExperimentEvent,
    ExperimentLook,
    State,
)
from broker_crm.process.experiments.models import IN_FORCE
from broker_crm.process.models import ProcessInstance
from broker_crm.process.rights import visible_instances
from broker_crm.web import cases, names, paging, staff, times
from broker_crm.web.access import may_visit
from broker_crm.web.analyse.experiments import sentences, words
from broker_crm.web.answers import figures, steps
from broker_crm.web.sign_in import person
from broker_crm.web.wording import INSTANCE_STATUS, word

AT_ONCE = 20
"""Cases on a page."""


def line(session: Session, experiment: Experiment, brief: Brief) -> dict[str, Any]:
    """One line of the list."""
    return {
        **head(session, experiment),
        "says": says(experiment, brief),
        "cases": brief.cases,
        "needed": experiment.needed,
    }


def head(session: Session, experiment: Experiment) -> dict[str, Any]:
    """What lists and pages tell of an experiment without counting."""
    versions = {each.id: each for each in steps.versions(session)}
    a, b = versions[experiment.version_a_id], versions[experiment.version_b_id]
    return {
        "id": experiment.id,
        "name": experiment.name,
        "at": url_for("experiments.show", experiment_id=experiment.id),
        "process": names.name(session, a.id, a.name),
        "compared": words.compared(experiment),
        "a": a.number,
        "b": b.number,
        "state": word(words.STATE, experiment.state),
        "tone": words.TONE[experiment.state],
        "measure": measure(session, experiment),
        "decision": word(words.DECISION, experiment.decision) if experiment.decision else "",
    }


def measure(session: Session, experiment: Experiment) -> str:
    """What it is judged by, with the step."""
    told = word(words.MEASURE, experiment.measure)
    if experiment.step:
        told += f": {steps.name(session, experiment.step, experiment.process_key)}"
    return told


def says(experiment: Experiment, stands: Brief | Report) -> str:
    """The sentence on top."""
    return sentences.verdict(experiment, stands, words.unit_of(experiment.measure))


def progress(experiment: Experiment, stands: Report) -> dict[str, int]:
    """Cases so far, ripe ones, and those needed."""
    return {
        "cases": stands.cases,
        "ripe": min(stands.ripe, experiment.needed),
        "needed": experiment.needed,
    }


def whole(session: Session, experiment: Experiment, stands: Report) -> dict[str, Any]:
    """Everything that the page of one shows."""
    newer = experiments.newer_version(session, experiment)
    user = person()
    return {
        **head(session, experiment),
        **progress(experiment, stands),
        "says": says(experiment, stands),
        "hypothesis": experiment.hypothesis,
        "facts": _facts(session, experiment),
        "arms": _arms(experiment, stands),
        "mismatch": figures.figure(stands.mismatch, "p")
        if stands.mismatch is not None and stands.mismatch < MISMATCH
        else None,
        "moved": stands.a.moved + stands.b.moved,
        "next": _next(session, experiment, stands),
        "looks": [_look(experiment, each) for each in stands.looks],
        "final": _final(experiment, stands),
        "stopped": word(words.STOP, experiment.stop_reason) if experiment.stop_reason else "",
        "why": experiment.decision_note,
        "history": _history(session, experiment),
        "cases_listed": _listed(session, experiment),
        "is_draft": experiment.state == State.DRAFT,
        "is_running": experiment.state == State.RUNNING,
        "is_paused": experiment.state == State.PAUSED,
        "in_force": experiment.state in IN_FORCE,
        "may_run": may_visit(user, "experiment_deciding.end"),
        "newer": newer.number if newer is not None and experiment.state in IN_FORCE else None,
        "decisions": [(each.value, word(words.DECISION, each)) for each in Decision],
    }


def _facts(session: Session, experiment: Experiment) -> list[tuple[str, str]]:
    unit = words.unit_of(experiment.measure)
    looks = figures.number(experiment.looks)
    if experiment.harm_stop:
        looks = _("%(looks)s; harm stops it earlier", looks=looks)
    base = figures.figure(experiment.base_mean, unit)
    return [
        (_("Measure"), measure(session, experiment)),
        (
            _("Measured after"),
            _("%(number)s w. d.", number=experiment.horizon_days),
        ),
        (_("Before it began"), f"{base} (n = {figures.number(experiment.base_cases)})"),
        (
            _("Smallest difference worth noticing"),
            sentences.difference(experiment.smallest_difference, unit),
        ),
        (_("Share of B"), f"{experiment.share_b} %"),
        (_("What is drawn"), word(words.UNIT, experiment.unit)),
        (_("Balanced by segment"), _("yes") if experiment.balanced else _("no")),
        (_("Planned looks"), looks),
        (_("Last day"), times.day(experiment.ends_on) if experiment.ends_on else "–"),
        (_("Started"), times.when(experiment.started_at) if experiment.started_at else "–"),
    ]


def _arms(experiment: Experiment, stands: Report) -> list[dict[str, Any]]:
    return [
        {
            "arm": arm,
            "cases": side.cases,
            "units": side.units,
            "running": figures.figure(side.running, "count"),
            "moved": side.moved,
            "planned": f"{share} %",
        }
        for arm, side, share in (
            ("A", stands.a, 100 - experiment.share_b),
            ("B", stands.b, experiment.share_b),
        )
    ]


def _next(session: Session, experiment: Experiment, stands: Report) -> str:
    """When the next look comes."""
    look = stands.next_look
    if look is None or experiment.state == State.DRAFT:
        return ""
    if stands.cases < look.cases:
        return _(
            "The next look is at %(n)s cases, once each is %(days)s working days old.",
            n=look.cases,
            days=experiment.horizon_days,
        )
    day = ripe_on(session, experiment, look.cases)
    if day is None:
        return ""
    return _("The next look is on %(day)s, with %(n)s cases.", day=times.day(day), n=look.cases)


def _look(experiment: Experiment, look: ExperimentLook) -> dict[str, Any]:
    unit = words.unit_of(experiment.measure)
    return {
        "number": look.number,
        "when": times.day(look.at),
        "n": f"{look.n_a} / {look.n_b}",
        "a": figures.figure(look.mean_a, unit),
        "b": figures.figure(look.mean_b, unit),
        "difference": sentences.difference(look.difference, unit),
        "interval": sentences.interval((look.low, look.high), unit),
        "verdict": word(words.LOOK, look.verdict),
        "few": min(look.n_a, look.n_b) < SMALL,
    }


def _final(experiment: Experiment, stands: Report) -> dict[str, Any] | None:
    """Figures of all ripe cases, once nothing can be spoiled by looking."""
    effect = stands.final
    if effect is None:
        return None
    unit = words.unit_of(experiment.measure)
    return {
        "n": f"{effect.n_a} / {effect.n_b}",
        "a": figures.figure(effect.mean_a, unit),
        "b": figures.figure(effect.mean_b, unit),
        "difference": sentences.difference(effect.difference, unit),
        "interval": sentences.interval(effect.interval(Z) or (None, None), unit),
        "few": min(effect.n_a, effect.n_b) < SMALL,
    }


def _history(session: Session, experiment: Experiment) -> list[dict[str, str]]:
    events = session.scalars(
        select(ExperimentEvent)
        .where(ExperimentEvent.experiment_id == experiment.id)
        .order_by(ExperimentEvent.id.desc())
    )
    told = {"looked": words.LOOK, "stopped": words.STOP}
    return [
        {
            "when": times.when(each.at),
            "what": word(words.HAPPENED, each.kind),
            "who": staff.name(session, each.actor),
            "note": word(told[each.kind], each.note) if each.kind in told else each.note,
        }
        for each in events
    ]


def _listed(session: Session, experiment: Experiment) -> dict[str, Any]:
    start, ended = paging.offset(), experiment.state == State.ENDED
    rows = session.execute(assigned(experiment).offset(start).limit(AT_ONCE + 1)).all()
    shown = [
        {
            "title": row.title,
            "at": url_for("instances.show", instance_id=row.instance_id),
            "arm": row.arm.upper(),
            "is_b": row.arm == Arm.B,
            "segment": row.segment,
            "started": times.day(row.at),
            "status": word(INSTANCE_STATUS, row.status) if ended else "",
            "tone": cases.TONES.get(row.status, "info"),
        }
        for row in rows[:AT_ONCE]
    ]
    return {"rows": shown, "ended": ended, **paging.pages(start, len(rows) > AT_ONCE, AT_ONCE)}


def assigned(experiment: Experiment) -> Any:
    """Cases that the visitor may see, the newest first. How they stand is told once it has ended:
    by arm, before, it would be a look."""
    return (
        select(
            ExperimentAssignment.instance_id,
            ExperimentAssignment.arm,
            ExperimentAssignment.unit_key,
            ExperimentAssignment.at,
            ProcessInstance.title,
            ProcessInstance.segment,
            ProcessInstance.status,
        )
        .join(ProcessInstance, ProcessInstance.id == ExperimentAssignment.instance_id)
        .where(ExperimentAssignment.experiment_id == experiment.id, visible_instances(person()))
        .order_by(ExperimentAssignment.at.desc(), ExperimentAssignment.instance_id)
    )
