"""Where cases wait and which paths they took, for programs."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from broker_crm.analysis.bottlenecks.conformance import Conformance, conformance
from broker_crm.analysis.bottlenecks.finding import bottlenecks as found_in
from broker_crm.analysis.bottlenecks.load import load
from broker_crm.analysis.bottlenecks.paths import paths as paths_in
from broker_crm.process.errors import SubmissionRejected
from broker_crm.web import database
from broker_crm.web.analyse.bottlenecks import paths_view, view, words
from broker_crm.web.analyse.ground import ground
from broker_crm.web.answers import asked, scope
from broker_crm.web.answers.asked import Asked
from broker_crm.web.api.bearer import person
from broker_crm.web.api.bodies import answer


def bottlenecks() -> Response:
    told = _told(("queues",))
    session, people = database.current(), not scope.own_only(person())
    by = request.args.get("queues", "step")
    if by not in view.BREAKDOWNS or (by == "person" and not people):
        by = "step"
    with ground(session, told) as ledger:
        found = found_in(ledger, told.part)
        flowing = load(ledger, found.part, by) if found.part else None
    process = found.part.process if found.part else None
    return answer(
        {
            "process": process,
            "sentence": " ".join(words.bottleneck(session, found)),
            "cases": found.cases,
            "open": found.open,
            "days": found.days,
            "steps": [
                {
                    **{name: value for name, value in row.items() if name != "code"},
                    "label": words.step(session, row["key"], str(process)),
                }
                for row in found.rows
            ],
            "between": [
                {**row, "label": words.element(session, row["key"], str(process))}
                for row in found.between
            ],
            "lanes": list(found.lanes),
            "people": list(found.people) if people else [],
            "queues": [
                {"key": each.key, "lengths": each.lengths, "came": each.arrived, "done": each.done}
                for each in (flowing.queues if flowing else ())
            ],
            "utilisation": [
                *({"by": "lane", **row} for row in (flowing.lanes if flowing else ())),
                *({"by": "person", **row} for row in (flowing.people if flowing else ()) if people),
            ],
        }
    )


def paths() -> Response:
    told = _told(("loops", "variant", "most"))
    session = database.current()
    most = request.args.get("most", "all")
    with ground(session, told) as ledger:
        found = paths_in(
            ledger,
            told.part,
            collapsed=request.args.get("loops") == "once",
            variant=request.args.get("variant") or None,
            most=int(most) if most in paths_view.DRAWN and most != "all" else None,
        )
        fits = conformance(ledger, told.part) if told.log is None else Conformance(found.part)
    seen: list[dict[str, Any]] = [
        {
            "instance": str(row["case"]),
            **{name: row[name] for name in ("version", "how", "element", "after", "expected")},
            **{name: row[name] for name in ("moved_from", "moved_to", "migrated_from")},
        }
        for row in paths_view.seen(session, person(), fits)
    ]
    return answer(
        {
            "process": found.part.process if found.part else None,
            "sentence": " ".join([*paths_view.variety(found), *words.conforming(fits)]),
            "cases": found.cases,
            "variant_count": found.variant_count,
            "variants": list(found.variants),
            "steps": list(found.steps),
            "moves": list(found.moves),
            "conformance": {
                "cases": fits.cases,
                "fitting": fits.fitting,
                "leaving": list(fits.leaving),
                "items": seen,
            },
        }
    )


def _told(others: tuple[str, ...]) -> Asked:
    told = asked.read(
        database.current(),
        request.args,
        others=others,
        logs=True,
        people=not scope.own_only(person()),
    )
    if told.errors:
        raise SubmissionRejected(dict(told.errors))
    return told


ADDRESSES = [("/bottlenecks", "GET", bottlenecks), ("/paths", "GET", paths)]
