"""What part of the work a question is about: period, process, segment, product, team, person."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date

OF_CASE = {
    name: f"c.{name}"
    for name in (
        "process",
        "version",
        "product",
        "client_kind",
        "sector",
        "size",
        "region",
        "vip",
        "complexity",
    )
}
"""What is told of a case, as expressions over case `c`."""
TEAM = "(SELECT p.team FROM person p WHERE p.login = {})"
"""The team of a person."""
DIMENSIONS = {
    "person": "t.person",
    "team": TEAM.format("t.person"),
    "step": "t.step",
    **OF_CASE,
    "process": "t.process",
}
"""What rows may be told apart by, as expressions over step `t` and case `c`."""


def as_text(trait: str) -> str:
    """Expression for a trait of case `c` in letters; of VIPs 'yes' and 'no'."""
    if trait == "vip":
        return "CASE WHEN c.vip THEN 'yes' WHEN NOT c.vip THEN 'no' END"
    return f"{OF_CASE[trait]}::VARCHAR"


@dataclass(frozen=True, slots=True)
class Slice:
    """Filters of a question; None leaves all in.

    Attributes:
        start: first day of the period, in the office's time zone.
        end: last day of it.
        process: key of the process.
        version: number of the version on which the case began.
        product: key of the product.
        client_kind: 'legal', 'natural' or 'foreign'.
        sector: of the client.
        size: size band of the client.
        region: of the client.
        vip: whether the client is a VIP.
        complexity: class of the product, A, B or C.
        price_band: P1 to P4, of the yearly premium in the offer.
        team: key of the team of the person who did the step.
        person: login of that person.
        step: key of the step.
        products: keys of the products of which the asker may know; None for all.
        versions: numbers of the versions on one of which the case began.
        against: key of the team with which the work is compared, where a question compares.
    """

    start: date | None = None
    end: date | None = None
    process: str | None = None
    version: int | None = None
    product: str | None = None
    client_kind: str | None = None
    sector: str | None = None
    size: str | None = None
    region: str | None = None
    vip: bool | None = None
    complexity: str | None = None
    price_band: str | None = None
    team: str | None = None
    person: str | None = None
    step: str | None = None
    products: tuple[str, ...] | None = None
    versions: tuple[int, ...] | None = None
    against: str | None = None

    def parameters(self) -> dict[str, object]:
        """What the conditions refer to by name."""
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        several = {
            name: None if (values := getattr(self, name)) is None else list(values)
            for name in ("products", "versions")
        }
        return {**told, **several}

    def of_case(self, process: str = "c.process") -> str:
        """Condition on a case `c`, without period and people."""
        told = [
            f"{column} = ${name}"
            for name, column in {**OF_CASE, "process": process}.items()
            if getattr(self, name) is not None
        ]
        if self.price_band is not None:
            told.append("c.case_no IN (SELECT case_no FROM offer_line WHERE band = $price_band)")
        if self.products is not None:
            told.append("c.product IN (SELECT unnest($products::VARCHAR[]))")
        if self.versions is not None:
            told.append("c.version IN (SELECT unnest($versions::INTEGER[]))")
        return " AND ".join(["TRUE", *told])

    def of_work(self, day: str, *, person: str = "t.person", process: str = "t.process") -> str:
        """Condition on a step `t` of a case `c`, in the period by `day`."""
        told = [self.of_case(process)]
        if self.start is not None:
            told.append(f"{day} >= $start")
        if self.end is not None:
            told.append(f"{day} <= $end")
        if self.step is not None:
            told.append("t.step = $step")
        if self.team is not None:
            told.append(f"{person} IN (SELECT login FROM person WHERE team = $team)")
        if self.person is not None:
            told.append(f"{person} = $person")
        return " AND ".join(told)

    def of_cases(self, day: str) -> str:
        """Condition on a case `c`, in the period by `day`; people are those who own it."""
        return replace(self, step=None).of_work(day, person="c.owner", process="c.process")

    def everybody(self) -> Slice:
        """The same work, whoever did it in the same team, or anywhere."""
        return replace(self, person=None)
