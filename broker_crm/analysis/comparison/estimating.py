"""Makes a figure of a sample: both sides, the difference in the common mix, interval and chance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from broker_crm.analysis.comparison.figures import Figure
from broker_crm.analysis.comparison.measures import MEASURES, Sort
from broker_crm.analysis.comparison.of_curves import chance, soon
from broker_crm.analysis.comparison.of_durations import duration
from broker_crm.analysis.comparison.of_shares import of_mean, of_share
from broker_crm.analysis.comparison.pairs import Pair, Side, paired
from broker_crm.analysis.comparison.samples import Sample

Whole = NDArray[np.int64]
_BY_SORT: dict[Sort, Callable[[str, str | None, Pair, Sample], Figure]] = {
    Sort.DURATION: duration,
    Sort.SHARE: of_share,
    Sort.MEAN: of_mean,
    Sort.SOON: soon,
    Sort.CHANCE: chance,
}


def figure(
    measure: str,
    element: str | None,
    sample: Sample | None,
    later: NDArray[np.bool_],
    labels: Whole,
) -> Figure | None:
    """The figure of a measure, without its verdict.

    Args:
        measure: key of `measures.MEASURES`.
        element: of the step.
        sample: None where nothing is known.
        later: by case, whether of side B.
        labels: by case, number of its segment.
    """
    if sample is None:
        return None
    of_b = later[sample.case]
    a, b = (
        Side(
            sample.value[which],
            sample.state[which],
            sample.people[which],
            labels[sample.case[which]],
        )
        for which in (~of_b, of_b)
    )
    return _BY_SORT[MEASURES[measure].sort](measure, element, paired(a, b), sample)
