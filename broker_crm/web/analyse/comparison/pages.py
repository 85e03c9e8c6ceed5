"""Versions compared: the page, the cases behind a figure, tables to be saved."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from broker_crm.analysis import comparison
from broker_crm.analysis.answers import Place
from broker_crm.analysis.comparison.measures import MEASURES, OF_CASE
from broker_crm.web import database, paging, tables, times
from broker_crm.web.analyse.comparison import rows, view
from broker_crm.web.analyse.comparison.asking import WHOLE, Wanted, wanted
from broker_crm.web.analyse.comparison.wording import MEASURE, value
from broker_crm.web.analyse.experiments import notice
from broker_crm.web.answers import addresses, figures, places, steps
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person
from broker_crm.web.tables import Cell
from broker_crm.web.wording import word

blueprint = Blueprint("comparison", __name__)


@blueprint.get("/analysis/comparison")
def show() -> ResponseReturnValue:
    if any(not text.strip() for text in request.args.values()):
        blank = {name: None for name, text in request.args.items() if not text.strip()}
        return redirect(paging.address(**blank))
    session, user = database.current(), person()
    with wanted(session, user, request.args) as asked:
        page = view.show(session, user, asked, whole=WHOLE in request.args)
        page["experiment"] = notice.of_process(session, asked.process or "")
        status = 422 if asked.errors else 200
    return render_template("analyse/comparison/show.html", view=page), status


@blueprint.get("/analysis/comparison/rows.<any(csv, xlsx):kind>")
def export_rows(kind: str) -> ResponseReturnValue:
    session = database.current()
    with wanted(session, person(), request.args) as asked:
        made = asked.compared()
        if made is None:
            raise NotFound
        named = view.step_names(session, asked, made)
        headings, lines = rows.listed(made, named, asked.sides.names)
    return tables.answer(kind, f"palyginimas-{times.today().isoformat()}", headings, lines)


@blueprint.get("/analysis/comparison/cases")
def cases() -> ResponseReturnValue:
    session, user = database.current(), person()
    with wanted(session, user, request.args) as asked:
        found, count = _behind(asked)
        side = asked.sides.names[request.args["side"] == "b"]
        query = dict(asked.query)
    measure = request.args["of"]
    about = {name: request.args[name] for name in ("of", "element", "side") if name in request.args}
    listed = _listed(asked, found)
    unit = MEASURES[measure].unit
    page: dict[str, Any] = {
        "back": addresses.made("comparison.show", query),
        "title": word(MEASURE, measure),
        "step": _step(asked, request.args.get("element", "")),
        "side": side,
        "value": "" if unit == "share" else word(MEASURE, measure),
        "rows": [{**each, "value": _told(each["value"], unit)} for each in listed],
        "total": figures.number(count),
        "listed": figures.number(len(listed)),
        "cut": count > len(found),
        "hidden": len(found) - len(listed),
        "export": {
            kind: addresses.made("comparison.export_cases", {"kind": kind, **query, **about})
            for kind in ("xlsx", "csv")
        },
    }
    return render_template("analyse/comparison/cases.html", view=page)


@blueprint.get("/analysis/comparison/cases.<any(csv, xlsx):kind>")
def export_cases(kind: str) -> ResponseReturnValue:
    session, user = database.current(), person()
    with wanted(session, user, request.args) as asked:
        found, _count = _behind(asked)
    measure = request.args["of"]
    unit = MEASURES[measure].unit
    headings = [_("Client"), _("Process"), _("Person"), word(MEASURE, measure), _("Address")]
    lines: list[list[Cell]] = [
        [
            each["client"],
            each["process"],
            each["person"],
            _told(each["value"], unit)
            if unit == "share"
            else figures.exported(each["value"], "ratio"),
            each["outside"],
        ]
        for each in _listed(asked, found)
    ]
    name = f"palyginimas-bylos-{times.today().isoformat()}"
    return tables.answer(kind, name, headings, lines)


def _behind(asked: Wanted) -> tuple[list[Place], int]:
    measure, side = request.args.get("of", ""), request.args.get("side", "")
    told = MEASURES.get(measure)
    a, b = asked.sides.a, asked.sides.b
    element = request.args.get("element")
    if asked.errors or told is None or side not in ("a", "b") or a is None or b is None:
        raise NotFound
    if (told in OF_CASE) != (element is None):
        raise NotFound
    return comparison.places(asked.ledger, asked.process, a, b, measure, element, later=side == "b")


def _listed(asked: Wanted, found: list[Place]) -> list[dict[str, Any]]:
    """The cases of which the reader may know; those of a foreign log have nothing but an id."""
    if asked.told.log is not None:
        return [
            {
                "client": each.case_id,
                "process": asked.process or "",
                "person": "",
                "value": each.value,
                "address": "",
                "outside": "",
            }
            for each in found
        ]
    return [
        {
            "client": each.client,
            "process": each.process,
            "person": each.person,
            "value": each.value,
            "address": url_for("instances.show", instance_id=each.case_id),
            "outside": url_for("instances.show", instance_id=each.case_id, _external=True),
        }
        for each in places.shown(database.current(), person(), found)
    ]


def _step(asked: Wanted, element: str) -> str:
    if not element or asked.told.log is not None:
        return element
    return steps.name_of_element(database.current(), asked.process, element)


def _told(told: float | None, unit: str) -> str:
    if unit == "share":
        return _("yes") if told else _("no")
    return value(told, unit)
