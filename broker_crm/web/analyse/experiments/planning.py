"""Planning an experiment: the form, with the needed sample reckoned while it is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.analysis.estimates import SMALL
from broker_crm.analysis.experiments import Forecast
from broker_crm.definitions import published
from broker_crm.definitions.models import ProcessVersion
from broker_crm.process import experiments
from broker_crm.process.calendars import company_calendar
from broker_crm.process.experiments import Measure, Plan, PlanRefused, Unit
from broker_crm.process.experiments.models import VERSION
from broker_crm.process.experiments.planning import LOOKS, SHARES, TEXTS
from broker_crm.web import database, names, times
from broker_crm.web.analyse.experiments import asked, sentences, words
from broker_crm.web.answers import figures, steps
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person
from broker_crm.web.wording import word

RECKON = "reckon"
"""The button that shows the sample and saves nothing, for browsers without scripts."""
blueprint = Blueprint("experiment_planning", __name__)


@blueprint.get("/analysis/experiments/new")
def prepare() -> ResponseReturnValue:
    session = database.current()
    process = _process(session, request.args.get("process", ""))
    typed = asked.usual(_versions(session, process))
    return _form(session, process, typed, {}, None)


@blueprint.get("/analysis/experiments/needed")
def needed() -> ResponseReturnValue:
    """The needed sample alone, for the form while it is filled in."""
    session = database.current()
    process = _process(session, request.args.get("process", ""))
    plan = asked.plan_of(process, request.args)
    forecast = asked.sample(session, plan)
    return render_template(
        "analyse/experiments/needed.html", sample=sample(session, plan, forecast)
    )


@blueprint.post("/analysis/experiments")
def create() -> ResponseReturnValue:
    session = database.current()
    process = _process(session, request.form.get("process", ""))
    told = asked.read(session, process, request.form)
    forecast = asked.sample(session, told.plan)
    if request.form.get("act") == RECKON:
        return _form(session, process, told.typed, {}, (told.plan, forecast))
    expected = asked.expected(forecast)
    if told.wrong or not expected.needed:
        wrong = told.wrong or {"measure": "no-past-cases"}
        return _form(session, process, told.typed, wrong, (told.plan, forecast)), 422
    by = person().login
    database.reread()
    try:
        with database.writing() as writing:
            made = experiments.plan(writing, told.plan, expected, by=by).id
    except PlanRefused as refusal:
        again = database.current()
        return _form(again, process, told.typed, refusal.problems, None), 422
    flash(_("The experiment is planned. Nobody is in it until it is started."), "good")
    return redirect(url_for("experiments.show", experiment_id=made), 303)


def sample(session: Session, plan: Plan, told: Forecast | None) -> dict[str, Any] | None:
    """The needed sample in words; None where the plan does not say enough."""
    if told is None:
        return None
    unit = words.unit_of(plan.measure)
    return {
        "needed": figures.number(told.needed) if told.needed is not None else None,
        "base": figures.figure(told.mean, unit),
        "n": figures.number(told.cases),
        "small": told.cases < SMALL,
        "per_day": figures.number(told.per_day, 1),
        "days": figures.number(told.days) if told.days is not None else None,
        "horizon": plan.horizon_days,
        "difference": sentences.difference(plan.smallest_difference, unit),
        "people": figures.number(told.people) if plan.unit == Unit.SALESPERSON else None,
        "alike": figures.number(told.likeness, 2),
        "ends": _ends(session, told),
    }


def _ends(session: Session, told: Forecast) -> str:
    """The day on which the last case is ripe, at the present arrivals."""
    if told.days is None:
        return ""
    calendar = company_calendar(session)
    try:
        day = calendar.add_working_days(times.today(), told.days + told.horizon)
    except ValueError:
        return ""
    return times.day(day)


def _form(
    session: Session,
    process: str,
    typed: Mapping[str, str],
    wrong: Mapping[str, str],
    reckoned: tuple[Plan, Forecast | None] | None,
) -> str:
    versions = _versions(session, process)
    view = {
        "process": process,
        "processes": [
            (each.process_key, names.name(session, each.id, each.name))
            for each in published.latest_versions(session)
        ],
        "versions": [(str(each.id), _version(each)) for each in versions],
        "compared": _compared(session, versions),
        "measures": [(each.value, word(words.MEASURE, each)) for each in Measure],
        "steps": sorted(steps.of_version(session, versions[0]).items(), key=lambda each: each[1]),
        "units": [(each.value, word(words.UNIT, each)) for each in Unit],
        "shares": [(str(each), f"{each} %") for each in SHARES],
        "looks": [(str(each), str(each)) for each in LOOKS],
        "typed": typed,
        "wrong": {name: words.problem(name, code) for name, code in wrong.items()},
        "sample": sample(session, *reckoned) if reckoned else None,
        "reckoned": reckoned is not None,
    }
    return render_template("analyse/experiments/new.html", view=view)


def _version(version: ProcessVersion) -> str:
    told = _("version %(number)s", number=version.number)
    return f"{told}, {times.day(version.published_at)}" + (
        f" · {version.note[:60]}" if version.note else ""
    )


def _compared(session: Session, versions: list[ProcessVersion]) -> list[tuple[str, str]]:
    """Whole versions, or a text that two of them word differently."""
    found = [(VERSION, word(words.COMPARED, VERSION))]
    for kind in TEXTS:
        keys = {
            stem.rpartition(".")[0] for stem in published.resources(session, versions[0].id, kind)
        }
        found += [(f"{kind}:{key}", f"{word(words.COMPARED, kind)}: {key}") for key in sorted(keys)]
    return found


def _process(session: Session, asked_for: str) -> str:
    """The process that was asked for, else the first."""
    known = [each.process_key for each in published.latest_versions(session)]
    if not known:
        raise NotFound
    return asked_for if asked_for in known else known[0]


def _versions(session: Session, process: str) -> list[ProcessVersion]:
    return [each for each in steps.versions(session) if each.process_key == process]
