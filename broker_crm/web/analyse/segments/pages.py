"""Segments: the page, its table to be saved, the cases of a segment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.segments import Found, find_segments, segment_places
from broker_crm.analysis.segments.outcomes import TARGETS, TRAITS
from broker_crm.web import database, paging, tables, times
from broker_crm.web.analyse.ground import ground
from broker_crm.web.analyse.segments import view
from broker_crm.web.answers import addresses, asked, figures, filters, labels, places, scope
from broker_crm.web.answers.asked import Asked
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person
from broker_crm.web.wording import word

blueprint = Blueprint("segments", __name__)

OWN = ("target", "depth")
DEPTHS = ("1", "2", "3")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks: in which columns, of which part, of which outcome, how deep."""

    ledger: Ledger
    told: Asked
    target: str
    depth: int
    query: dict[str, str]

    def found(self) -> Found:
        return find_segments(self.ledger, self.told.part, target=self.target, depth=self.depth)


@blueprint.get("/analysis/segments")
def show() -> ResponseReturnValue:
    if any(not text.strip() for text in request.args.values()):
        blank = {name: None for name, text in request.args.items() if not text.strip()}
        return redirect(paging.address(**blank))
    session = database.current()
    with _wanted() as wanted:
        own = {name: wanted.query[name] for name in OWN if name in wanted.query}
        place = {"endpoint": "segments.show", "arguments": own}
        narrowed = filters.view(session, person(), wanted.told, wanted.told.part, place)
        narrowed["kept"] = {**narrowed["kept"], **own}
        if wanted.told.errors:
            page: dict[str, Any] = {"filters": narrowed, "sentence": ""}
            return render_template("analyse/segments/show.html", view=page), 422
        page = view.show(session, wanted.found(), wanted.query, narrowed)
    return render_template("analyse/segments/show.html", view=page)


@blueprint.get("/analysis/segments/rows.<any(csv, xlsx):kind>")
def export_rows(kind: str) -> ResponseReturnValue:
    with _wanted() as wanted:
        if wanted.told.errors:
            raise NotFound
        headings, lines = view.exported(database.current(), wanted.found())
    return tables.answer(kind, f"segmentai-{times.today().isoformat()}", headings, lines)


@blueprint.get("/analysis/segments/cases")
def cases() -> ResponseReturnValue:
    session, user = database.current(), person()
    traits = labels.traits(request.args.get("segment", ""))
    if not traits or not set(traits) <= set(TRAITS):
        raise NotFound
    with _wanted() as wanted:
        if wanted.told.errors:
            raise NotFound
        found, count = segment_places(wanted.ledger, wanted.told.part, traits, target=wanted.target)
    listed = (
        [
            {
                "address": url_for("instances.show", instance_id=each.case_id),
                "client": each.client,
                "process": each.process,
                "person": each.person,
                "has": _yes(each.value),
            }
            for each in places.shown(session, user, found)
        ]
        if wanted.told.log is None
        else [{"client": each.case_id, "has": _yes(each.value)} for each in found]
    )
    page = {
        "back": addresses.made("segments.show", wanted.query),
        "title": labels.segment(session, traits),
        "what": word(view.TARGET, wanted.target),
        "rows": listed,
        "total": figures.number(count),
        "listed": figures.number(len(listed)),
        "cut": count > len(found),
        "hidden": len(found) - len(listed),
    }
    return render_template("analyse/segments/cases.html", view=page)


def _yes(value: float | None) -> str:
    return _("yes") if value else _("no")


@contextmanager
def _wanted() -> Iterator[Wanted]:
    """What the address asks; nonsense in its own parameters is told like wrong filters."""
    session = database.current()
    told = asked.read(
        session,
        request.args,
        others=(*OWN, "segment"),
        logs=True,
        people=not scope.own_only(person()),
    )
    target, depth = request.args.get("target", "interested"), request.args.get("depth", "2")
    errors = dict(told.errors)
    if target not in TARGETS:
        errors["target"] = [_("There is no such value.")]
    if depth not in DEPTHS:
        errors["depth"] = [_("There is no such value.")]
    told = replace(told, errors=errors)
    query = {**told.query, **{name: request.args[name] for name in OWN if name in request.args}}
    with ground(session, told) as columns:
        yield Wanted(
            columns,
            told,
            target if target in TARGETS else "interested",
            int(depth) if depth in DEPTHS else 2,
            query,
        )
