"""The list of scenarios with what they cover, a process's diagram, and beginning a trial."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from broker_crm.crm import clients as crm_clients
from broker_crm.crm.models import Client, Product
from broker_crm.definitions import published
from broker_crm.definitions.models import ProcessVersion
from broker_crm.scenarios import copying, storing
from broker_crm.scenarios.apart import perform_apart
from broker_crm.scenarios.coverage import coverage_from, together
from broker_crm.scenarios.errors import problem_from
from broker_crm.scenarios.models import SavedScenario
from broker_crm.scenarios.scenario import titled
from broker_crm.web import cases, database, names, paging, staff, times
from broker_crm.web.access import may_visit
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person
from broker_crm.web.trying import words
from broker_crm.web.trying.blueprint import blueprint
from broker_crm.web.trying.tried import Tried, chosen, has_drafts

KINDS = ("legal", "natural", "foreign")


@blueprint.get("")
def listing() -> ResponseReturnValue:
    session = database.current()
    processes = []
    for version in published.latest_versions(session):
        saved = storing.of_process(session, version.process_key)
        processes.append(
            {
                "key": version.process_key,
                "name": names.name(session, version.id, version.name),
                "number": version.number,
                "scenarios": len(saved),
            }
        )
    return render_template("trying/processes.html", processes=processes)


@blueprint.get("/<process_key>")
def of_process(process_key: str) -> ResponseReturnValue:
    return render_template("trying/process.html", view=process_view(chosen(process_key)))


@blueprint.post("/<process_key>/run")
def run(process_key: str) -> ResponseReturnValue:
    tried = chosen(process_key)
    saved = [
        (row.name, json.loads(row.content))
        for row in storing.of_process(database.current(), process_key)
    ]
    database.reread()
    performed = {name: perform_apart(tried.stage, told) for name, told in saved}
    return render_template("trying/process.html", view=process_view(tried, performed))


@blueprint.get("/<process_key>/diagram")
def diagram(process_key: str) -> ResponseReturnValue:
    return Response(chosen(process_key).xml(), mimetype="application/xml")


@blueprint.post("/scenarios/<int:scenario_id>/remove")
def remove(scenario_id: int) -> ResponseReturnValue:
    session = database.current()
    row = session.get(SavedScenario, scenario_id)
    if row is None:
        raise NotFound
    process_key, seen = row.process_key, request.form.get("row_version", "")
    try:
        with database.writing() as writing:
            storing.remove(writing, scenario_id, int(seen) if seen.isdigit() else 0)
        flash(_("The scenario is removed."), "good")
    except storing.ScenarioChanged:
        flash(_("Somebody else changed this scenario meanwhile; nothing was removed."), "bad")
    return redirect(url_for("trying.of_process", process_key=process_key), 303)


def process_view(
    tried: Tried, performed: dict[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """A process's scenarios, with verdicts and coverage when they were run."""
    session = database.current()
    process_key = tried.key
    performed = performed or {}
    parts = [found for told in performed.values() if (found := coverage_from(told["coverage"]))]
    whole = together(parts)
    return {
        "key": process_key,
        "version": tried,
        "name": tried.name,
        "has_drafts": has_drafts(),
        "versions": [
            {"id": each.id, "number": each.number, "note": each.note}
            for each in session.scalars(
                select(ProcessVersion)
                .where(ProcessVersion.process_key == process_key)
                .order_by(ProcessVersion.number.desc())
                .limit(30)
            )
        ],
        "rows": [
            _row(row, performed.get(row.name), tried.texts)
            for row in storing.of_process(session, process_key)
        ],
        "ran": bool(performed),
        "percent": whole.percent if whole else None,
        "elements": f"{len(whole.elements)} / {len(whole.all_elements)}" if whole else "",
        "flows": f"{len(whole.flows)} / {len(whole.all_flows)}" if whole else "",
        "may_try": may_visit(person(), "trying.begin"),
        "kinds": KINDS,
        "products": _products(),
        "begins": _next_morning(),
        "search": paging.search_text(),
        "clients": _clients(),
        "needs": tried.needs(),
        "progress": {
            "names": dict(tried.texts),
            "active": [],
            "late": [],
            "passed": sorted(whole.elements) if whole else [],
            "flows": sorted(whole.flows) if whole else [],
            "notes": {},
            "marks": {"is-missed": sorted(whole.missed)} if whole else {},
        },
    }


def _row(
    row: SavedScenario, told: dict[str, Any] | None, texts: Mapping[str, str]
) -> dict[str, Any]:
    title = titled(json.loads(row.content))
    session = database.current()
    found: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "title": texts.get(title, title),
        "row_version": row.row_version,
        "author": staff.name(session, row.author) or "–",
        "changed": times.when(row.changed_at),
    }
    if told is None:
        return found
    coverage = coverage_from(told["coverage"])
    return found | {
        "ran": True,
        "kept": told["kept"],
        "percent": coverage.percent if coverage else 0,
        "problem": words.problem(problem_from(told["problem"])) if told["problem"] else "",
        "broken": [verdict_view(each) for each in told["verdicts"] if not each["kept"]],
    }


def verdict_view(told: dict[str, Any]) -> dict[str, Any]:
    """One verdict in the visitor's language."""
    subject = str(words.SUBJECTS[told["about"]]) % {"what": told["what"]}
    said = {side: words.found(told[side]) for side in ("expected", "actual")}
    return {**told, **said, "subject": subject}


def _clients() -> list[Client]:
    """Real clients that the visitor may see anyway, for a copy of their facts."""
    if not may_visit(person(), "clients.listing"):
        return []
    return list(crm_clients.search_clients(database.current(), paging.search_text(), person(), 8))


def _products() -> list[tuple[str, str]]:
    rows = database.current().scalars(select(Product))
    found = ((product.key, cases.product_name(product)) for product in rows)
    return sorted(found, key=lambda pair: pair[1])


def _next_morning() -> str:
    day = times.today() + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return f"{day.isoformat()}T09:00"


def client_told(process_key: str) -> dict[str, Any] | None:
    """The client that the form describes: a copy of a real one's facts, or an invented one."""
    form = request.form
    if (wish := form.get("client_id", "")).isdigit() and len(wish) < 10:
        session = database.current()
        client = session.get(Client, int(wish))
        sees = may_visit(person(), "clients.listing")
        if client is None or not sees or not crm_clients.may_see_client(session, person(), client):
            raise NotFound
        return copying.told_of(session, client)
    if form.get("kind") not in KINDS:
        return None
    told: dict[str, Any] = {"kind": form["kind"], "consent": "consent" in form}
    if "vip" in form:
        told["vip"] = True
    if form.get("language") == "en":
        told["language"] = "en"
    if "policy" in form and form.get("product"):
        begins = datetime.fromisoformat(form.get("begins", "2026-01-05T09:00"))
        told["status"] = "active"
        told["policies"] = [
            {
                "product": form.get("policy_product") or form["product"],
                "starts": (begins + timedelta(days=60 - 365)).date().isoformat(),
                "ends": (begins + timedelta(days=60)).date().isoformat(),
                "sumInsured": 300000,
                "deductible": 500,
            }
        ]
    return told
