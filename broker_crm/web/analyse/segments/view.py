"""What the page of segments shows: the verdict in a sentence, candidates, whence they come."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from broker_crm.analysis.segments import Candidate, Found, Verdict
from broker_crm.analysis.segments.finding import LEAST
from broker_crm.web.answers import addresses, labels
from broker_crm.web.answers.figures import figure, interval, number
from broker_crm.web.answers.sentences.telling import joined
from broker_crm.web.tables import Cell
from broker_crm.web.wording import Words, word

TARGET: Words = {
    "interested": _l("Interested after the first conversation"),
    "won": _l("Bought"),
}
WIDE = 120
FURTHEST = log(4)
"""A ratio of four, or of a quarter, lies at the edge of the picture."""


def show(
    session: Session, found: Found, query: Mapping[str, str], filters: Mapping[str, Any]
) -> dict[str, Any]:
    """The page.

    Args:
        session: for names.
        found: what was found.
        query: of the address.
        filters: of the page.
    """
    return {
        "filters": filters,
        "targets": [
            (key, str(name), key == found.target, _address(query, target=key))
            for key, name in TARGET.items()
        ],
        "depths": [
            (str(each), str(each) == query.get("depth", "2"), _address(query, depth=str(each)))
            for each in (1, 2, 3)
        ],
        "sentence": sentence(session, found),
        "facts": _facts(found),
        "rows": [_row(session, each, query) for each in found.candidates],
        "what": word(TARGET, found.target),
        "export": {
            kind: addresses.made("segments.export_rows", {"kind": kind, **query})
            for kind in ("xlsx", "csv")
        },
    }


def name(session: Session, candidate: Candidate) -> str:
    """The segment in words."""
    return labels.segment(session, candidate.traits)


def sentence(session: Session, found: Found) -> str:
    """Whether there is a clear segment, and which."""
    if found.verdict is Verdict.TOO_FEW:
        return joined(
            _(
                "too few cases to look for segments: %(n)s, at least %(least)s are needed",
                n=number(found.n),
                least=LEAST,
            )
        )
    best = found.best
    if best is None:
        return joined(
            _("no clear segment: what half of the cases shows, the other half does not"),
            _base(found),
        )
    told = _(
        "%(segment)s, %(share)s against %(others)s of the others (%(interval)s times; n = %(n)s)",
        segment=name(session, best),
        share=figure(best.share, "share"),
        others=figure(best.others, "share"),
        interval=interval(best.interval, "ratio"),
        n=number(best.n),
    )
    if found.verdict is Verdict.CLEAR:
        return joined(_("yes, a clear segment: %(told)s", told=told), _base(found))
    return joined(
        _("no clear segment; there is a tendency: %(told)s", told=told),
        _("By it alone it can't be told who will have it"),
        _base(found),
    )


def _base(found: Found) -> str:
    return _(
        "In all %(hits)s of %(n)s (%(share)s)",
        hits=number(found.hits),
        n=number(found.n),
        share=figure(found.share, "share"),
    )


def _facts(found: Found) -> list[str]:
    if found.verdict is Verdict.TOO_FEW:
        return []
    told = [
        _(
            "Segments were looked for among %(tried)s traits and their combinations in one half of"
            " the cases, drawn by lot; the figures below are of the other half. Their intervals are"
            " of 99 %%, because the five best segments are tested.",
            tried=number(found.tried),
        )
    ]
    if found.auc is not None:
        told.append(
            _(
                "Two questions about a case tell who will have it with an area under the curve of"
                " %(auc)s (%(interval)s); 0.50 is a guess, and above 0.60 is asked of a clear"
                " segment.",
                auc=figure(found.auc.value, "ratio"),
                interval=interval(found.auc.interval, "ratio"),
            )
        )
    return told


def _row(session: Session, each: Candidate, query: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": name(session, each),
        "found": figure(each.found_share, "share"),
        "found_n": number(each.found_n),
        "n": number(each.n),
        "share": figure(each.share, "share"),
        "others": figure(each.others, "share"),
        "lift": figure(each.lift, "ratio"),
        "interval": interval(each.interval, "ratio"),
        "bar": _bar(each),
        "covers": figure(each.covers, "share"),
        "holds": each.holds,
        "more": each.lift is not None and each.lift > 1,
        "few": each.n < 20,
        "cases": addresses.made("segments.cases", {**query, "segment": key(each.traits)}),
    }


def key(traits: Mapping[str, str]) -> str:
    """Traits as an address tells them, such as 'sector=transport × product=cargo'."""
    return " × ".join(f"{trait}={value}" for trait, value in traits.items())


def _bar(each: Candidate) -> dict[str, float] | None:
    """The ratio with its interval on a scale of logarithms, 1 in the middle."""
    if each.lift is None or each.interval is None:
        return None

    def place(ratio: float) -> float:
        told = max(-1.0, min(1.0, log(max(ratio, 1e-6)) / FURTHEST))
        return round(WIDE / 2 + (WIDE / 2 - 5) * told, 1)

    return {
        "low": place(each.interval[0]),
        "high": place(each.interval[1]),
        "at": place(each.lift),
    }


def exported(session: Session, found: Found) -> tuple[list[str], list[list[Cell]]]:
    """The candidates for a spreadsheet: headings, and cells; shares in percent."""
    headings = [
        _("Segment"),
        _("Found by: n"),
        _("Found by: share") + ", %",
        "n",
        _("Share") + ", %",
        _("The others") + ", %",
        _("Times the others"),
        "99 % ≥",
        "99 % ≤",
        _("Part of them inside") + ", %",
        _("Holds on the other half"),
    ]
    lines: list[list[Cell]] = []
    for each in found.candidates:
        low, high = each.interval or (None, None)
        lines.append(
            [
                name(session, each),
                each.found_n,
                _percent(each.found_share),
                each.n,
                _percent(each.share),
                _percent(each.others),
                _two(each.lift),
                _two(low),
                _two(high),
                _percent(each.covers),
                _("yes") if each.holds else _("no"),
            ]
        )
    return headings, lines


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 2)


def _two(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _address(query: Mapping[str, str], **changed: str) -> str:
    return addresses.made("segments.show", {**query, **changed})
