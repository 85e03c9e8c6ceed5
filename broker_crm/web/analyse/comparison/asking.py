"""Reads from an address what is to be compared, and compares it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.analysis.comparison import Comparison, compare
from broker_crm.analysis.comparison.mix import TRAITS
from broker_crm.analysis.ledger import Ledger
from broker_crm.people.models import User
from broker_crm.web.analyse.comparison import sides
from broker_crm.web.analyse.comparison.drawing import SHOWN, USUAL
from broker_crm.web.analyse.comparison.sides import DAYS, Sides
from broker_crm.web.analyse.ground import ground
from broker_crm.web.answers import asked, scope
from broker_crm.web.answers.asked import Asked

OWN = ("by", "a", "b", *DAYS, "adjust", "measure")
"""Parameters of this page besides the filters."""
OF_CASES = ("of", "element", "side")
WHOLE = "all"
NO_MIX = "none"
ADJUSTED = ("", NO_MIX, *TRAITS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks to compare.

    Attributes:
        ledger: in which.
        told: its filters.
        process: key; None where there is none.
        sides: what with what.
        adjust: traits within which; None for those that differ.
        measure: that the diagram shows.
        query: parameters of the address that say the same.
        errors: by parameter, in the visitor's language.
    """

    ledger: Ledger
    told: Asked
    process: str | None
    sides: Sides
    adjust: tuple[str, ...] | None
    measure: str
    query: Mapping[str, str]
    errors: Mapping[str, list[str]]

    def compared(self) -> Comparison | None:
        """The comparison; None where there are no two sides, or errors."""
        if self.errors or self.sides.a is None or self.sides.b is None:
            return None
        return compare(self.ledger, self.process, self.sides.a, self.sides.b, adjust=self.adjust)


@contextmanager
def wanted(session: Session, user: User, given: Mapping[str, str]) -> Iterator[Wanted]:
    """What an address asks to compare, with the columns open.

    Args:
        session: reads only.
        user: who asks.
        given: parameters of the address; all time where no period is told.
    """
    given = {name: text.strip() for name, text in given.items() if text.strip()}
    if not given.keys() & {"period", "from", "to"}:
        given["period"] = "all"
    told = asked.read(
        session,
        given,
        sides.offered(user),
        others=(*OWN[1:], *OF_CASES, WHOLE),
        logs=True,
        people=not scope.own_only(user),
    )
    by = told.by or "version"
    errors = dict(told.errors)
    if (adjust := given.get("adjust", "")) not in ADJUSTED:
        errors["adjust"] = [_("There is no such value.")]
    if (measure := given.get("measure", USUAL)) not in SHOWN:
        errors["measure"] = [_("There is no such value.")]
        measure = USUAL
    with ground(session, told) as columns:
        process = told.part.process or _usual_process(columns)
        found = sides.sides(session, columns, process, by, told, given)
        errors |= found.errors
        query = {**told.query, **{name: given[name] for name in OWN if name in given}}
        yield Wanted(
            columns,
            told,
            process,
            found,
            {"": None, NO_MIX: ()}.get(adjust, (adjust,)),
            measure,
            query,
            errors,
        )


def _usual_process(columns: Ledger) -> str | None:
    """The one with the most cases among those with several versions, else among all."""
    rows = columns.rows(
        "SELECT process FROM case_file GROUP BY 1"
        " ORDER BY least(count(DISTINCT version), 2) DESC, count(*) DESC, process LIMIT 1",
        {},
    )
    return rows[0]["process"] if rows else None
