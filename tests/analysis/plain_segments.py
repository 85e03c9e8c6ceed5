"""The clear segment once more, in plain Python: case by case, with every test by hand."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from math import ceil, erfc, sqrt
from statistics import NormalDist

from sqlalchemy import select

from broker_crm.crm.models import Product
from broker_crm.process.models import UserTask

from .plainly import Books

DECIDED = {
    "first-call": {"interested": True, "not-interested": False, "do-not-contact": False},
    "offer-call": {
        "accepts": True,
        "negotiate": True,
        "not-interested": False,
        "do-not-contact": False,
    },
    "renewal-call": {"accepts": True, "negotiate": True, "refuses": False},
}
"""Calls and the outcomes that say yes or no."""
Traits = tuple[tuple[str, object], ...]


@dataclass
class Segment:
    """A segment as it was found.

    Attributes:
        n: cases.
        interested: of them.
        others: what the others' share would be, had they this segment's mix of processes.
        squared: the deviation from chance, squared, in its own variances.
        chance: of it, after as many tests as there were.
    """

    n: int
    interested: int
    others: float
    squared: float
    chance: float = 1.0

    @property
    def raw(self) -> float:
        return erfc(sqrt(self.squared / 2))

    @property
    def low(self) -> float:
        """The lower limit of the share: the smaller root of Wilson's equation."""
        z = 1.959963984540054
        a, b = 1 + z * z / self.n, self.interested / self.n + z * z / (2 * self.n)
        c = (self.interested / self.n) ** 2
        return (b - sqrt(max(0.0, b * b - a * c))) / a

    @property
    def clear(self) -> bool:
        return self.n >= 30 and self.chance <= 0.05 and self.low > self.others


def still_needed(segment: Segment, tried: int) -> int:
    """More of its conversations until it would stand out: 80 % power, 5 % error over all tried."""
    z = NormalDist().inv_cdf(1 - 0.025 / tried) + NormalDist().inv_cdf(0.8)
    own, others = segment.interested / segment.n, segment.others
    wanted = z * z * (own * (1 - own) + others * (1 - others)) / (own - others) ** 2
    return max(0, max(30, ceil(wanted)) - segment.n)


def first_talks(books: Books, person: str | None = None) -> dict[str, tuple[Traits, bool]]:
    """Case to its traits and its first yes or no, of the period and the person.

    The period and the person are those of that first one, whatever came later.
    """
    products = {each.id: each.key for each in books.session.scalars(select(Product))}
    first: dict[str, UserTask] = {}
    for step in books.steps:
        if step.completed_at is None or step.outcome not in DECIDED.get(step.step, {}):
            continue
        known = first.get(step.instance_id.hex)
        if known is None or (known.completed_at or books.now) > step.completed_at:
            first[step.instance_id.hex] = step
    found = {}
    for case_id, step in first.items():
        if not books.within(step.completed_at) or person not in (None, step.completed_by):
            continue
        case = books.cases[step.instance_id]
        kind, sector, size = [*case.segment.split("/"), None, None][:3]
        traits = {
            "product": products.get(case.product_id or 0),
            "sector": sector,
            "size": size,
            "client_kind": kind,
            "region": case.region,
            "vip": case.vip,
            "complexity": case.complexity,
        }
        told = tuple((name, value) for name, value in traits.items() if value)
        found[case_id] = ((("process", case.process_key), *told), DECIDED[step.step][step.outcome])
    return found


def segments(talks: dict[str, tuple[Traits, bool]]) -> dict[Traits, Segment]:
    """Every trait and every two, against the others of the same process."""
    members: dict[Traits, list[str]] = defaultdict(list)
    whole: dict[object, list[str]] = defaultdict(list)
    for case_id, ((process, *told), _good) in talks.items():
        whole[process].append(case_id)
        for size in (1, 2):
            for traits in itertools.combinations(told, size):
                members[traits].append(case_id)
    found = {
        traits: segment
        for traits, cases in members.items()
        if (segment := _segment(set(cases), whole, talks)) is not None
    }
    _correct(list(found.values()))
    return found


def _segment(
    cases: set[str], whole: dict[object, list[str]], talks: dict[str, tuple[Traits, bool]]
) -> Segment | None:
    n = interested = 0
    others = surplus = spread = 0.0
    for everybody in whole.values():
        inside = [talks[each][1] for each in everybody if each in cases]
        outside = [talks[each][1] for each in everybody if each not in cases]
        if not inside or len(outside) < 10:
            continue
        total, good = len(everybody), sum(inside) + sum(outside)
        n, interested = n + len(inside), interested + sum(inside)
        others += len(inside) * sum(outside) / len(outside)
        surplus += sum(inside) - len(inside) * good / total
        spread += len(inside) * len(outside) * good * (total - good) / (total * total * (total - 1))
    if n < 10 or spread == 0:
        return None
    return Segment(n, interested, others / n, surplus * surplus / spread)


def _correct(found: list[Segment]) -> None:
    """Benjamini and Hochberg: the least of p × tests / rank from its own rank on."""
    ranked = sorted(found, key=lambda each: each.raw)
    for place, each in enumerate(ranked):
        each.chance = min(
            1.0,
            *(
                other.raw * len(ranked) / (place + rank + 1)
                for rank, other in enumerate(ranked[place:])
            ),
        )
