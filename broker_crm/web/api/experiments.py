"""Experiments: the list, and how one stands; figures only as planned looks gave them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from broker_crm.analysis.experiments import Report, report
from broker_crm.analysis.ledger import ledger
from broker_crm.definitions.models import ProcessVersion
from broker_crm.process import experiments as process_experiments
from broker_crm.process.experiments import Experiment
from broker_crm.web import database
from broker_crm.web.analyse.experiments import pages, view
from broker_crm.web.api.bodies import answer


def experiments() -> Response:
    found = process_experiments.experiments(database.current())
    with ledger(database.current()) as columns:
        return answer({"items": [_shape(each, report(columns, each)) for each in found]})


def experiment(experiment_id: UUID) -> Response:
    found = pages.found(database.current(), experiment_id)
    with ledger(database.current()) as columns:
        return answer(_shape(found, report(columns, found)))


ADDRESSES = [
    ("/experiments", "GET", experiments),
    ("/experiments/<uuid:experiment_id>", "GET", experiment),
]


def _shape(found: Experiment, stands: Report) -> dict[str, Any]:
    session = database.current()
    a, b = (
        session.get_one(ProcessVersion, each).number
        for each in (found.version_a_id, found.version_b_id)
    )
    return {
        "id": str(found.id),
        "name": found.name,
        "process": found.process_key,
        "compared": found.compared,
        "template": found.template_key,
        "state": found.state,
        "stopped": found.stop_reason,
        "decision": found.decision,
        "sentence": view.says(found, stands),
        "measure": found.measure,
        "step": found.step,
        "horizon_days": found.horizon_days,
        "smallest_difference": found.smallest_difference,
        "needed": found.needed,
        "measured": stands.ripe,
        "share_b": found.share_b,
        "unit": found.unit,
        "started_at": found.started_at,
        "ended_at": found.ended_at,
        "mismatch": stands.mismatch,
        "arms": [
            {
                "arm": arm,
                "version": version,
                "cases": side.cases,
                "drawn": side.units,
                "running": side.running,
                "moved": side.moved,
            }
            for arm, version, side in (("a", a, stands.a), ("b", b, stands.b))
        ],
        "looks": [
            {
                "number": look.number,
                "at": look.at,
                "n_a": look.n_a,
                "n_b": look.n_b,
                "a": look.mean_a,
                "b": look.mean_b,
                "difference": look.difference,
                "interval": [look.low, look.high],
                "verdict": look.verdict,
                "last": look.is_last,
            }
            for look in stands.looks
        ],
    }
