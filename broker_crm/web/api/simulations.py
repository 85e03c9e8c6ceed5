"""Simulations: ask for one, see how it stands and what came of it."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for

from broker_crm.analysis.models import SimulationRun
from broker_crm.analysis.simulation import stored
from broker_crm.analysis.simulation.scenarios import ChangeRefused
from broker_crm.analysis.simulation.settings import USUAL, read_query, read_settings
from broker_crm.definitions.published import NotPublished
from broker_crm.engine.errors import DiagramRefused
from broker_crm.process.errors import SubmissionRejected
from broker_crm.web import commands, database
from broker_crm.web.analyse.what_if import words
from broker_crm.web.analyse.what_if.telling import outcome_for
from broker_crm.web.api.bearer import person
from broker_crm.web.api.bodies import answer, body
from broker_crm.web.errors import NotFound

KINDS = {"version": int, "changes": list, "replications": int}


def simulate() -> Response:
    told = body({"process": str}, KINDS)
    pairs = [("process", told["process"]), ("version", str(told.get("version", "")))]
    pairs += [("replications", str(told.get("replications", USUAL)))]
    pairs += [("change", str(each)) for each in told.get("changes", [])]
    try:
        settings = read_settings(pairs)
        with database.writing() as session:
            made = stored.ask(session, settings, by=person().login)
            shape = _shape(made)
    except ChangeRefused as refused:
        problem = f"{words.refused(refused.code)} {refused.text}"
        raise SubmissionRejected({"changes": [problem]}) from refused
    except DiagramRefused as refused:
        raise SubmissionRejected({"changes": [str(refused)]}) from refused
    except stored.TooManyWaiting as refused:
        raise SubmissionRejected({"process": ["too many simulations wait"]}) from refused
    except NotPublished as error:
        raise NotFound from error
    commands.ring()
    return answer(shape, 202)


def simulation(run_id: int) -> Response:
    found = stored.run_of(database.current(), run_id)
    if found is None or found.kind != stored.WHAT_IF:
        raise NotFound
    result = found.result
    if result is not None:
        result = {**result, "outcome": outcome_for(person(), result["outcome"])}
    return answer({**_shape(found), "result": result})


def simulations() -> Response:
    return answer({"items": [_shape(each) for each in stored.runs(database.current())]})


ADDRESSES = [
    ("/simulations", "POST", simulate),
    ("/simulations", "GET", simulations),
    ("/simulations/<int:run_id>", "GET", simulation),
]


def _shape(found: SimulationRun) -> dict[str, Any]:
    settings = read_query(found.query)
    return {
        "id": found.id,
        "process": found.process_key,
        "version": found.version,
        "changes": [each.text for each in settings.changes],
        "replications": settings.replications,
        "status": found.status,
        "progress": found.progress,
        "problem": found.problem,
        "owner": found.owner,
        "asked_at": found.asked_at,
        "ended_at": found.ended_at,
        "link": url_for("api.simulation", run_id=found.id),
    }
