"""Do those with an outcome belong to a clear segment? Found on one half, tested on the other.

Half of the cases, drawn by lot, search; what they find is tested on the other half, so that what
was found by chance does not stand. A segment is *clear* only when on the other half the outcome is
commoner or rarer there than elsewhere (the interval of the ratio excludes 1; it is one of 99 %,
because the five best segments are tested), when it holds at
least a tenth of those who have the outcome (of those who have not, where it is rarer), and when two
questions about a case tell the outcome clearly better than a guess (lower bound of the
cross-validated area under the curve above 0.6). Else there is no clear segment, which is an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from broker_crm.analysis.answers import LISTED, Place
from broker_crm.analysis.estimates import Interval, share
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.segments import outcomes
from broker_crm.analysis.segments.discovery import Subgroup, conditions, discover
from broker_crm.analysis.segments.outcomes import TRAITS, Told
from broker_crm.analysis.segments.ratios import ratio
from broker_crm.analysis.segments.tree import Auc, cross_validated
from broker_crm.analysis.slices import Slice

LEAST = 100
"""Cases in all below which nothing is looked for."""
COVERED = 0.10
TOLD_APART = 0.6
DEPTH = 2


class Verdict(StrEnum):
    """Whether there is a clear segment."""

    CLEAR = "clear"
    TENDENCY = "tendency"
    """The other half shows it too, but it tells the cases apart badly or covers few."""
    NONE = "none"
    TOO_FEW = "too-few"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A segment that one half of the cases found, on the other half.

    Attributes:
        traits: and their values.
        found_n: cases of it in the half that found it.
        found_share: of them, with the outcome.
        n: cases of it in the other half.
        hits: of them, with the outcome.
        share: the same as a share.
        others: share of the rest with the outcome.
        lift: times the rest, within processes; None where it can't be told.
        interval: 99 %, of the lift.
        covers: share of all who have the outcome (have it not, where the lift is below 1) that
            are in it.
        holds: whether the interval excludes 1 on the side on which it was found.
    """

    traits: Mapping[str, str]
    found_n: int
    found_share: float
    n: int
    hits: int
    share: float | None
    others: float | None
    lift: float | None
    interval: Interval | None
    covers: float
    holds: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Attributes:
        target: 'interested' or 'won'.
        verdict: about the best candidate.
        n: cases in all.
        hits: of them, with the outcome.
        candidates: the best first, in the order of the half that found them.
        auc: how well two questions tell the outcome; None of too few.
        tried: conditions that segments are made of.
    """

    target: str
    verdict: Verdict
    n: int
    hits: int
    candidates: tuple[Candidate, ...]
    auc: Auc | None
    tried: int

    @property
    def best(self) -> Candidate | None:
        """The first candidate that the other half confirms."""
        return next((each for each in self.candidates if each.holds), None)

    @property
    def share(self) -> float | None:
        return share(self.hits, self.n)


def find_segments(
    ledger: Ledger, part: Slice, *, target: str = "interested", depth: int = DEPTH
) -> Found:
    """Look for segments in which an outcome is commoner or rarer.

    Args:
        ledger: the columns.
        part: of the work; the period is that of the conversation, or of the end of the case.
        target: 'interested', of the first conversation; 'won', of the case.
        depth: traits in a segment at most, 1 to 3.
    """
    told = outcomes.read(ledger, target, part)
    n, hits = len(told.has), int(told.has.sum())
    if n < LEAST or not 0 < hits < n:
        return Found(target, Verdict.TOO_FEW, n, hits, (), None, 0)
    listed = conditions(told.traits)
    searching = [(pair, inside[told.half]) for pair, inside in listed]
    found = discover(told.has[told.half], told.expected[told.half], searching, depth)
    masks = dict(listed)
    candidates = tuple(
        _tested(each, np.logical_and.reduce([masks[pair] for pair in each.pairs]), told)
        for each in found
    )
    auc = (
        cross_validated(told.has, np.stack([inside for _pair, inside in listed]), told.fold)
        if listed
        else None
    )
    return Found(target, _verdict(candidates, auc), n, hits, candidates, auc, len(listed))


def segment_places(
    ledger: Ledger, part: Slice, traits: Mapping[str, str], *, target: str = "interested"
) -> tuple[list[Place], int]:
    """Cases of a segment, those with the outcome first, and how many there are.

    Args:
        ledger: the columns.
        part: as for `find_segments`.
        traits: and their values, as a candidate has them.
        target: as for `find_segments`.
    """
    inside = " AND ".join(f"{trait} = $trait_{trait}" for trait in TRAITS if trait in traits)
    values = {f"trait_{trait}": value for trait, value in traits.items()}
    found = f"FROM ({outcomes.statement(target, part)}) WHERE {inside or 'TRUE'}"
    parameters = {**part.parameters(), **values}
    return ledger.places(
        f"SELECT case_no, task_no, has::INT::DOUBLE AS value {found}"
        f" ORDER BY has DESC, case_id LIMIT {LISTED}",
        parameters,
    ), int(ledger.row(f"SELECT count(*) AS n {found}", parameters)["n"])


def _tested(each: Subgroup, inside: np.typing.NDArray[np.bool_], told: Told) -> Candidate:
    test = ~told.half
    held = ratio(told.has[test], inside[test], told.process[test])
    found = told.has[told.half][each.inside]
    more = bool((found - told.expected[told.half][each.inside]).sum() > 0)
    kind = told.has if more else ~told.has
    low, high = held.interval or (0.0, np.inf)
    return Candidate(
        dict(sorted(each.pairs)),
        len(found),
        float(found.mean()),
        held.n,
        held.hits,
        share(held.hits, held.n),
        share(held.others_hits, held.others_n),
        held.value,
        held.interval,
        float((inside & kind).sum() / kind.sum()),
        low > 1 if more else high < 1,
    )


def _verdict(candidates: tuple[Candidate, ...], auc: Auc | None) -> Verdict:
    confirmed = [each for each in candidates if each.holds]
    if not confirmed:
        return Verdict.NONE
    apart = auc is not None and auc.interval[0] > TOLD_APART
    return Verdict.CLEAR if apart and confirmed[0].covers >= COVERED else Verdict.TENDENCY
