"""The pages of bottlenecks and of paths, and their tables to be saved."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from broker_crm.analysis.bottlenecks.conformance import Conformance, conformance
from broker_crm.analysis.bottlenecks.finding import bottlenecks
from broker_crm.analysis.bottlenecks.load import load
from broker_crm.analysis.bottlenecks.paths import paths as paths_of
from broker_crm.definitions import published
from broker_crm.definitions.models import ResourceKind
from broker_crm.web import database, paging, tables, times
from broker_crm.web.analyse.bottlenecks import paths_view, view, words
from broker_crm.web.analyse.bottlenecks import tables as cells
from broker_crm.web.analyse.ground import ground
from broker_crm.web.answers import asked, scope, steps
from broker_crm.web.answers.asked import Asked
from broker_crm.web.errors import NotFound, NotPermitted
from broker_crm.web.sign_in import person
from broker_crm.web.wording import word

blueprint = Blueprint("bottlenecks", __name__)

OTHERS = ("measure", "queues", "loops", "variant", "most", "on")


@blueprint.get("/analysis/bottlenecks")
def show() -> ResponseReturnValue:
    if again := paging.without_blanks():
        return again
    session, told = database.current(), _told()
    page = view.show(session, person(), told, _one("measure", view.MEASURES), _queues())
    return render_template("analyse/bottlenecks.html", view=page), 422 if told.errors else 200


@blueprint.get("/analysis/paths")
def paths() -> ResponseReturnValue:
    if again := paging.without_blanks():
        return again
    session, told = database.current(), _told()
    page = paths_view.show(
        session,
        person(),
        told,
        collapsed=_collapsed(),
        variant=request.args.get("variant") or None,
        most=_one("most", (paths_view.USUAL, *paths_view.DRAWN)),
        on_diagram=request.args.get("on") == "diagram",
    )
    return render_template("analyse/paths.html", view=page), 422 if told.errors else 200


@blueprint.get("/analysis/bottlenecks/<what>.<any(csv, xlsx):kind>")
def export(what: str, kind: str) -> ResponseReturnValue:
    session, told = database.current(), _whole()
    if what in ("people", "used") and scope.own_only(person()):
        raise NotPermitted
    if what not in view.EXPORTS:
        raise NotFound
    with ground(session, told) as ledger:
        found = bottlenecks(ledger, told.part)
        flowing = load(ledger, found.part, _queues()) if found.part else None
    if what in ("queues", "used"):
        if flowing is None:
            raise NotFound
        process = str(found.part.process) if found.part else ""
        name = view.queue_name(session, process, _queues())
        heading = word(words.COLUMN, "key" if _queues() == "step" else _queues())
        table = (
            cells.queues(name, heading, flowing)
            if what == "queues"
            else cells.used(session, flowing)
        )
    else:
        table = getattr(cells, what)(session, found)
    return tables.answer(kind, f"laukimas-{what}-{times.today().isoformat()}", *table)


@blueprint.get("/analysis/paths/<what>.<any(csv, xlsx):kind>")
def export_paths(what: str, kind: str) -> ResponseReturnValue:
    session, told = database.current(), _whole()
    if what not in paths_view.EXPORTS:
        raise NotFound
    with ground(session, told) as ledger:
        if what == "leaving":
            fits = conformance(ledger, told.part) if told.log is None else Conformance(None)
            table = cells.leaving(session, fits, paths_view.seen(session, person(), fits))
        else:
            most = _one("most", (paths_view.USUAL, *paths_view.DRAWN))
            found = paths_of(
                ledger,
                told.part,
                collapsed=_collapsed(),
                variant=request.args.get("variant") or None,
                most=None if most == "all" else int(most),
            )
            table = (cells.variants if what == "variants" else cells.moves)(session, found)
    return tables.answer(kind, f"keliai-{what}-{times.today().isoformat()}", *table)


@blueprint.get("/analysis/diagrams/<process_key>/<int:number>")
def diagram(process_key: str, number: int) -> ResponseReturnValue:
    session = database.current()
    for version in steps.versions(session):
        if (version.process_key, version.number) == (process_key, number):
            file = published.compiled(session, version.id).file
            xml = published.resource(session, version.id, ResourceKind.DIAGRAM, file)
            return Response(xml, mimetype="application/xml")
    raise NotFound


def _told() -> Asked:
    return asked.read(
        database.current(),
        request.args,
        others=OTHERS,
        logs=True,
        people=not scope.own_only(person()),
    )


def _whole() -> Asked:
    """What is asked about, for files that have no place to tell of errors."""
    told = _told()
    if told.errors:
        raise NotFound
    return told


def _one(name: str, choices: tuple[str, ...]) -> str:
    given = request.args.get(name, "")
    return given if given in choices else choices[0]


def _queues() -> str:
    by = _one("queues", view.BREAKDOWNS)
    return "step" if by == "person" and scope.own_only(person()) else by


def _collapsed() -> bool:
    return request.args.get("loops") == "once"
