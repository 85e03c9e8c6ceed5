"""One trial: its scenario travels with the page, and every click lives it through anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from broker_crm.definitions.workspace.starting import slug
from broker_crm.scenarios import storing
from broker_crm.scenarios.apart import perform_apart
from broker_crm.scenarios.errors import ScenarioRejected
from broker_crm.scenarios.models import SavedScenario
from broker_crm.scenarios.reading import LARGEST
from broker_crm.scenarios.scenario import titled
from broker_crm.web import database
from broker_crm.web.errors import NotFound, Unreadable
from broker_crm.web.sign_in import person
from broker_crm.web.trying import pages, words
from broker_crm.web.trying.blueprint import blueprint
from broker_crm.web.trying.trial_view import trial_view
from broker_crm.web.trying.tried import Tried, chosen

Script = dict[str, Any]
TICKS = ("outcome", "open", "letters", "measures", "due", "assignees")


@blueprint.post("/<process_key>/begin")
def begin(process_key: str) -> ResponseReturnValue:
    tried = chosen(process_key)
    form = request.form
    script: Script = {"process": process_key, "name": _("trial"), "begins": form.get("begins", "")}
    if (client := pages.client_told(process_key)) is not None:
        script["client"] = client
    if form.get("product"):
        script["product"] = form["product"]
    if form.get("needs") == "complaint":
        script["complaint"] = {"receivedOn": script["begins"][:10], "subject": "delay"}
    elif form.get("needs") in ("campaign", "recipient"):
        script["campaign"] = {"name": _("trial")}
    return _show(tried, {**script, "steps": []})


@blueprint.get("/scenarios/<int:scenario_id>")
def show(scenario_id: int) -> ResponseReturnValue:
    row = database.current().get(SavedScenario, scenario_id)
    if row is None:
        raise NotFound
    told, row_version = json.loads(row.content), row.row_version
    return _show(chosen(row.process_key), told, row_version=row_version)


@blueprint.post("/<process_key>/step")
def step(process_key: str) -> ResponseReturnValue:
    tried, script, opened = chosen(process_key), _script(), _row_version()
    steps = list(script.get("steps") or [])
    doing = request.form.get("act", "")
    if doing == "back":
        return _show(tried, {**script, "steps": steps[:-1]}, row_version=opened)
    act = _act(doing)
    return _show(tried, {**script, "steps": steps}, act, row_version=opened)


@blueprint.post("/<process_key>/save")
def save(process_key: str) -> ResponseReturnValue:
    tried, script, opened = chosen(process_key), _script(), _row_version()
    title = request.form.get("title", "").strip()
    same = opened is not None and title == titled(script)
    name = script.get("name") if same else slug(title)
    try:
        performed = perform_apart(tried.stage, script)
        expected = _expected(performed["seen"] or {})
        told = {**script, "name": name, "title": title, "expect": expected}
        with database.writing() as session:
            storing.save(session, told, by=person().login, row_version=opened if same else None)
    except ScenarioRejected as rejected:
        return _refused(tried, script, [words.problem(each) for each in rejected.problems], opened)
    except storing.ScenarioChanged:
        said = _("There is a scenario of this name, or somebody changed it meanwhile. Nothing was"
                 " overwritten: save yours under another name.")  # fmt: skip
        return _refused(tried, script, [said], opened, 409)
    flash(_("The scenario is saved beside the process."), "good")
    page = url_for("trying.of_process", process_key=process_key, version=tried.choice)
    return redirect(page, 303)


def _show(
    tried: Tried,
    script: Script,
    act: Mapping[str, Any] | None = None,
    *,
    row_version: int | None = None,
) -> ResponseReturnValue:
    """The trial after one more step; a step that is refused is not taken into the script."""
    wish = {**script, "steps": [*script["steps"], act]} if act is not None else script
    language = str(get_locale())
    try:
        performed = perform_apart(tried.stage, wish, closely=language)
    except ScenarioRejected as rejected:
        return _refused(tried, script, [words.problem(each) for each in rejected.problems])
    problem = performed["problem"]
    if act is not None and problem and performed["done"] == len(script["steps"]):
        wish = script
    view = trial_view(tried, wish, performed, row_version, act if wish is script else None)
    return render_template("trying/trial.html", view=view), 422 if problem else 200


def _refused(
    tried: Tried,
    script: Script,
    problems: list[str],
    row_version: int | None = None,
    status: int = 422,
) -> ResponseReturnValue:
    view = trial_view(tried, script, None, row_version, None) | {"problems": problems}
    return render_template("trying/trial.html", view=view), status


def _script() -> Script:
    """The scenario so far, as the page brought it.

    Raises:
        Unreadable: the page's field was changed into something else.
    """
    text = request.form.get("script", "")
    try:
        told = json.loads(text) if len(text) <= LARGEST else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("steps", []), list):
        raise Unreadable(_("The trial can't be read any more. Begin it anew."))
    return {**told, "steps": told.get("steps", [])}


def _row_version() -> int | None:
    text = request.form.get("row_version", "")
    return int(text) if text.isdigit() and len(text) < 10 else None


def _act(doing: str) -> dict[str, Any]:
    """The step that was asked for.

    Raises:
        Unreadable: nothing that a trial knows.
    """
    form = request.form
    kind, _colon, rest = doing.partition(":")
    if kind == "do" and rest:
        try:
            values = json.loads(form.get("values") or "{}")
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            raise Unreadable(_("The trial can't be read any more. Begin it anew."))
        by = form.get("by", "").strip()
        return {"do": rest, "values": values, **({"by": by} if by else {})}
    if kind == "wait":
        return {"wait": form.get("until", "") if rest == "until" else rest}
    if kind in ("fire", "send") and rest:
        return {kind: rest}
    raise Unreadable(_("The trial can't be read any more. Begin it anew."))


def _expected(seen: Mapping[str, Any]) -> dict[str, Any]:
    """What was seen, as far as it was ticked."""
    ticked = [tick for tick in TICKS if tick in request.form.getlist("expect")]
    tasks = seen.get("tasks", [])
    known: dict[str, Any] = {
        "outcome": seen.get("outcome", ""),
        "open": sorted(task["step"] for task in tasks),
        "letters": seen.get("letters", []),
        "measures": sorted(set(seen.get("measures", []))),
        "due": {task["step"]: task["due"] for task in tasks if task["due"]},
        "assignees": {task["step"]: task["assignee"] for task in tasks if task["assignee"]},
    }
    return {tick: known[tick] for tick in ticked if known[tick] or tick in ("outcome", "open")}
