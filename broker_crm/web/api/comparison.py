"""Two sides of a process compared: figures, differences, what may be said of them."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from typing import Any

from flask import Response, request

from broker_crm.analysis.comparison import Comparison, Figure, Step
from broker_crm.process.errors import SubmissionRejected
from broker_crm.web import database
from broker_crm.web.analyse.comparison import sentence
from broker_crm.web.analyse.comparison.asking import wanted
from broker_crm.web.analyse.comparison.view import step_names
from broker_crm.web.api.bearer import person
from broker_crm.web.api.bodies import answer
from broker_crm.web.errors import NotFound


def comparison() -> Response:
    session, user = database.current(), person()
    with wanted(session, user, request.args) as asked:
        if asked.errors:
            raise SubmissionRejected({name: list(each) for name, each in asked.errors.items()})
        made = asked.compared()
        if made is None:
            raise NotFound
        named = step_names(session, asked, made)
        return answer(_shape(made, asked.sides.by, asked.sides.names, named))


ADDRESSES = [("/comparison", "GET", comparison)]


def _shape(
    made: Comparison, by: str, sides: tuple[str, str], named: dict[str, str]
) -> dict[str, Any]:
    return {
        "process": made.process,
        "by": by,
        "sentence": sentence.headline(made, sides, named),
        "sides": [
            {"name": name, **asdict(each)} for name, each in zip(sides, made.counted, strict=True)
        ],
        "both": made.both,
        "tested": made.tested,
        "mix": {
            "traits": list(made.mix.traits),
            "segments": [asdict(each) for each in made.mix.segments],
        },
        "whole": [_figure(each) for each in made.whole],
        "steps": [_step(each, named[each.element]) for each in made.steps],
    }


def _step(told: Step, name: str) -> dict[str, Any]:
    return {
        "element": told.element,
        "element_a": told.element_a,
        "step": told.step,
        "name": name,
        "state": told.state,
        "changed": list(told.changed),
        "figures": [_figure(each) for each in told.figures],
        "outcomes": [asdict(each) for each in told.outcomes],
    }


def _figure(told: Figure) -> dict[str, Any]:
    shape = asdict(told)
    del shape["element"]
    if told.horizon is not None and not isfinite(told.horizon):
        shape["horizon"] = None
    return {**shape, "unit": told.told.unit, "of_mix": told.of_mix}
