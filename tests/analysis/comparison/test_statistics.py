"""The statistics give what independent libraries gave on the same numbers.

Golden values: lifelines 0.30.3 and statsmodels 0.15.0 (survfunc, survdiff, CumIncidenceRight,
StratifiedTable, confint_proportions_2indep) in an environment of their own, to all digits shown.
The test of van Elteren was checked against Cochran–Mantel–Haenszel on modified ridit scores.
"""

from __future__ import annotations

import numpy as np
import pytest

from broker_crm.analysis.comparison import curves, mix, ranks, resampling, shares
from broker_crm.analysis.comparison.curves import HAPPENED
from broker_crm.analysis.comparison.logrank import Group, logrank

DURATIONS = np.fromstring(
    """2.72 3.45 2.18 1.33 1.89 1.23 2.85 7.94 1.83 1.65 4.02 3.62 2.96 1.29 2.66 4.74 0.93 1.88
    0.59 0.97 0.62 2.25 0.99 3.38 3.08 2.34 0.36 1.77 2.61 2.98 0.8 1.85 1.24 1.42 6.35 1.42 2.65
    5.52 1.7 2.49 2.97 2.86 1.02 2.89 8.06 0.79 5.41 2.99 1.63 13.47 5.0 1.04 2.89 4.31 2.34 4.69
    2.58 4.64 8.59 1.58""",
    sep=" ",
)
STATES = np.array(
    [int(each) for each in "110101020112102221002102111100211120100211121111122020220120"],
    dtype=np.int8,
)
LATER = np.arange(60) % 2 == 1
SEGMENTS = (np.arange(60) // 2) % 3
TABLES = [
    shares.Counts(30, 50, 22, 50, 1 / 3),
    shares.Counts(10, 50, 9, 30, 1 / 3),
    shares.Counts(15, 20, 30, 55, 1 / 3),
]


def group(which: np.ndarray) -> Group:
    return DURATIONS[which], STATES[which] == HAPPENED


@pytest.mark.parametrize(
    ("time", "share", "error"),
    [
        (1.0, 0.0339181286549709, 0.023580494802339872),
        (2.0, 0.23298196636151458, 0.05935969706061664),
        (3.0, 0.45187911973440265, 0.07901461304872995),
        (5.0, 0.5959553198535785, 0.08544406810881024),
        (8.0, 0.6536759884459244, 0.09066142108391363),
    ],
)
def test_kaplan_meier(time: float, share: float, error: float) -> None:
    curve = curves.kaplan_meier(DURATIONS, STATES == HAPPENED)
    assert curve.at(time) == pytest.approx(share, abs=1e-12)
    assert curve.spread_at(time) == pytest.approx(error, abs=1e-12)
    assert curve.reached(0.5) == 3.45 and curve.reached(0.9) is None
    assert (curve.n, curve.running) == (60, 34)


@pytest.mark.parametrize(
    ("time", "share", "error"),
    [
        (1.0, 0.03362068965517241, 0.02337292229022683),
        (2.0, 0.22226554570835622, 0.05690450550555741),
        (3.0, 0.4075997642883152, 0.07178328491954764),
        (5.0, 0.5106317731661293, 0.0751847798933775),
        (8.0, 0.5381069755335464, 0.0755713755902557),
    ],
)
def test_aalen_johansen_counts_other_ends_as_such(time: float, share: float, error: float) -> None:
    curve = curves.aalen_johansen(DURATIONS, STATES)
    assert curve.at(time) == pytest.approx(share, abs=1e-12)
    assert curve.spread_at(time) == pytest.approx(error, abs=1e-12)
    assert curve.running == 17
    assert share < curves.kaplan_meier(DURATIONS, STATES == HAPPENED).at(time)


@pytest.mark.parametrize(
    ("early", "stratified", "chance"),
    [
        (False, False, 0.8703953711652297),
        (False, True, 0.6981404311034431),
        (True, False, 0.6732161158423728),
        (True, True, 0.6619291009500681),
    ],
)
def test_logrank(early: bool, stratified: bool, chance: float) -> None:
    segments = SEGMENTS if stratified else np.zeros(60)
    strata = [
        (group(~LATER & (segments == each)), group(LATER & (segments == each)))
        for each in np.unique(segments)
    ]
    assert logrank(strata, early=early) == pytest.approx(chance, abs=1e-12)


def test_rank_tests() -> None:
    rounded = np.round(DURATIONS)
    alone = ranks.van_elteren([(rounded[~LATER], rounded[LATER])])
    assert alone == pytest.approx(0.9879116199830753, abs=1e-12)
    strata = [
        (rounded[~LATER & (each == SEGMENTS)], rounded[LATER & (each == SEGMENTS)])
        for each in range(3)
    ]
    assert ranks.van_elteren(strata) == pytest.approx(0.8923394333365308, abs=1e-12)
    assert ranks.van_elteren([(np.ones(5), np.ones(5))]) is None


def test_cliffs_delta_is_that_of_all_pairs() -> None:
    rounded = np.round(DURATIONS)
    before, after = rounded[~LATER], rounded[LATER]
    pairs = np.sign(after[None, :] - before[:, None])
    told = ranks.cliffs_delta(before, after)
    assert told is not None and told.value == pytest.approx(pairs.mean(), abs=1e-12)
    assert told.interval == pytest.approx((-0.2762815293904388, 0.28038166791606384), abs=1e-9)


def test_shares_within_segments() -> None:
    told = shares.odds_ratio(TABLES)
    assert told.value == pytest.approx(0.6801872074882996, abs=1e-12)
    assert told.chance == pytest.approx(0.16007571509653296, abs=1e-10)
    assert told.differing == pytest.approx(0.11239201137050892, abs=1e-10)


def test_newcombes_interval() -> None:
    told = shares.difference([shares.Counts(20, 80, 56, 70)])
    assert told is not None and told[0] == pytest.approx(0.55)
    assert told[1] == pytest.approx((0.3993586378083594, 0.6624076840825569), abs=1e-12)
    assert shares.difference([shares.Counts(0, 0, 1, 2)]) is None


@pytest.mark.parametrize("censored", [False, True])
def test_places_drawn_are_like_samples_drawn_again(censored: bool) -> None:
    happened = STATES != 0 if censored else np.ones(60, dtype=bool)
    curve = curves.kaplan_meier(DURATIONS, happened)
    random = np.random.default_rng(1)
    draws = resampling.quantile_draws(curve, 0.5, random)
    again = np.empty(2000)
    for place in range(len(again)):
        chosen = random.integers(0, 60, 60)
        median = curves.kaplan_meier(DURATIONS[chosen], happened[chosen]).reached(0.5)
        again[place] = np.inf if median is None else median
    assert resampling.limits(draws) == pytest.approx(resampling.limits(again), abs=0.35)


def test_samples_drawn_again_give_the_curve_on_the_average() -> None:
    times = resampling.grid(DURATIONS)
    counts = resampling.grouped(
        np.searchsorted(times, DURATIONS),
        STATES,
        np.zeros(60, dtype=np.int64),
        np.zeros(60, dtype=np.int64),
        (1, 1, len(times)),
    )[0]
    exact = resampling.curves_of(counts, [1.0])
    curve = curves.aalen_johansen(DURATIONS, STATES)
    assert exact == pytest.approx([curve.at(time) for time in times])
    drawn = resampling.curves_of(
        resampling.cases_drawn(counts, 400, np.random.default_rng(2)), [1.0]
    )
    assert drawn.mean(axis=0) == pytest.approx(exact, abs=0.015)
    errors = [curve.spread_at(time) for time in times]
    assert drawn.std(axis=0) == pytest.approx(errors, abs=0.012)


def test_the_mix_takes_the_rest_of_the_difference() -> None:
    of_rates, of_mix = mix.kitagawa([(0.25, 0.6), (0.75, 0.4)], [(0.2, 0.2), (0.5, 0.5)])
    assert of_rates == 0 and of_mix == pytest.approx(-0.105)
    of_rates, of_mix = mix.kitagawa([(0.25, 0.6), (0.75, 0.4)], [(0.2, 0.3), (0.5, 0.6)])
    assert of_rates == pytest.approx(0.1)
    assert of_rates + of_mix == pytest.approx(0.6 * 0.3 + 0.4 * 0.6 - 0.25 * 0.2 - 0.75 * 0.5)


def test_segments_are_those_by_which_the_sides_differ() -> None:
    later = np.arange(400) >= 200
    fleet = np.where(np.arange(400) % 200 < np.where(later, 120, 50), "fleet", "small")
    noise = np.array(["north", "south"] * 200)
    found = mix.mix({"size": fleet.astype(object), "region": noise.astype(object)}, later)
    assert found.traits == ("size",)
    assert {(each.traits["size"], each.n_a, each.n_b) for each in found.segments} == {
        ("fleet", 50, 120),
        ("small", 150, 80),
    }
    common = mix.shared(found.labels[~later], found.labels[later])
    assert sorted(common.weights) == [170 / 400, 230 / 400] and common.left_out == 0
    assert mix.mix({"region": noise.astype(object)}, later).traits == ()
