"""Experiments in figures: enough cases, looks that do not lie, a ledger read as it stands."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest
from scipy import stats
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.analysis.experiments import forecast, look_at, report
from broker_crm.analysis.experiments.boundaries import HARM_BOUND, INFLATION, LAST_BOUND, planned
from broker_crm.analysis.experiments.effect import Verdict, effect, mismatch, verdict
from broker_crm.analysis.experiments.measures import Judged, of_slice
from broker_crm.analysis.experiments.sample import Design, sample
from broker_crm.analysis.ledger import ledger
from broker_crm.analysis.slices import Slice
from broker_crm.definitions.published import latest_version
from broker_crm.process.experiments import (
    Experiment,
    ExperimentAssignment,
    Measure,
)
from broker_crm.process.models import ProcessEvent, ProcessInstance

SALE = "new-client-sale"
RUNS = 600


def run_out(
    chance: np.random.Generator,
    needed: int,
    looks: int,
    truth: tuple[float, float],
    *,
    cluster: int = 1,
    sought: float = 0.1,
) -> Verdict:
    """How an experiment on a share comes out, looked at as planned and stopped by its rule."""
    in_b = np.repeat(chance.random(-(-needed // cluster)) < 0.5, cluster)[:needed]
    units = [f"u{number // cluster}" for number in range(needed)]
    if cluster == 1:
        level = np.where(in_b, truth[1], truth[0])
    else:
        own = np.repeat(chance.beta(3, 7, -(-needed // cluster)), cluster)[:needed]
        level = own + np.where(in_b, truth[1] - truth[0], 0.0)
    values = (chance.random(needed) < level).astype(float)
    said = Verdict.GO_ON
    for look in planned(needed, looks, harm_stop=looks > 1):
        found = effect(values[: look.cases], in_b[: look.cases], units[: look.cases])
        smaller = (
            min(
                len({unit for unit, b in zip(units, in_b, strict=True) if b is side})
                for side in (np.True_, np.False_)
            )
            if cluster > 1
            else int(min(in_b[: look.cases].sum(), (~in_b[: look.cases]).sum()))
        )
        said = verdict(found, smaller, look, 1, sought)
        if said is not Verdict.GO_ON:
            break
    return said


@pytest.mark.parametrize("looks", [1, 3, 5])
def test_the_stop_rule_rarely_sees_what_is_not_there(looks):
    chance = np.random.default_rng(20261123 + looks)
    said = [run_out(chance, 400, looks, (0.3, 0.3)) for _ in range(RUNS)]
    found = {Verdict.B_BETTER, Verdict.B_WORSE, Verdict.HARM}
    wrong = sum(each in found for each in said)
    assert wrong <= stats.binom.ppf(0.99, RUNS, 0.055)
    assert sum(each is Verdict.B_BETTER for each in said) <= stats.binom.ppf(0.99, RUNS, 0.025)


def test_looking_without_a_plan_would_lie():
    """What the boundaries are for: the same looks with the bound of a single one."""
    chance = np.random.default_rng(7)
    wrong = 0
    for _ in range(RUNS):
        in_b, values = chance.random(400) < 0.5, (chance.random(400) < 0.3).astype(float)
        units = [str(number) for number in range(400)]
        zs = [effect(values[:n], in_b[:n], units[:n]).z for n in range(40, 401, 40)]
        wrong += any(abs(each) > 1.96 for each in zs if each is not None)
    assert wrong / RUNS > 0.1


@pytest.mark.parametrize("looks", [1, 4])
def test_the_promised_power_is_there(looks):
    needed = sample(0.3, (0.3 * 0.7) ** 0.5, Design(0.1, looks=looks), aims=0.4)
    assert needed is not None
    chance = np.random.default_rng(99 + looks)
    seen = sum(run_out(chance, needed, looks, (0.3, 0.4)) is Verdict.B_BETTER for _ in range(RUNS))
    low, high = stats.binom.ppf([0.005, 0.995], RUNS, 0.8)
    assert low <= seen <= high + 12


def test_cases_of_one_salesperson_are_not_taken_for_many():
    chance = np.random.default_rng(5)
    said = [run_out(chance, 900, 1, (0.3, 0.3), cluster=30) for _ in range(RUNS)]
    assert sum(each in {Verdict.B_BETTER, Verdict.B_WORSE} for each in said) <= stats.binom.ppf(
        0.995, RUNS, 0.06
    )


def test_boundaries_keep_five_per_cent_in_long_runs():
    """Jennison and Turnbull's constants, found again by walking a Brownian path."""
    chance = np.random.default_rng(3)
    for looks, last in LAST_BOUND.items():
        steps = chance.standard_normal((200_000, looks)).cumsum(axis=1)
        z = steps / np.sqrt(np.arange(1, looks + 1))
        bounds = np.array([each.bound for each in planned(1000, looks, harm_stop=False)])
        assert np.mean((np.abs(z) >= bounds).any(axis=1)) == pytest.approx(0.05, abs=0.0018)
        assert bounds[-1] == last
        harm = [min(each.bound, each.harm or each.bound) for each in with_harm(looks)]
        found = (z >= bounds).any(axis=1) | (z <= -np.array(harm)).any(axis=1)
        assert np.mean(found) <= 0.055


def with_harm(looks):
    return planned(1000, looks, harm_stop=looks > 1)


def test_more_looks_need_a_few_more_cases_for_the_same_power():
    chance = np.random.default_rng(4)
    drift = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    for looks, inflation in INFLATION.items():
        steps = chance.standard_normal((100_000, looks)).cumsum(axis=1)
        part = np.arange(1, looks + 1)
        z = steps / np.sqrt(part) + drift * np.sqrt(inflation * part / looks)
        bounds = np.array([each.bound for each in planned(1000, looks, harm_stop=False)])
        assert np.mean((z >= bounds).any(axis=1)) == pytest.approx(0.8, abs=0.006)


def test_a_sample_as_the_textbook_has_it():
    """Shares 30 % and 40 %: 353 in each arm without a correction (Fleiss 1981)."""
    assert sample(0.3, (0.21) ** 0.5, Design(0.1), aims=0.4) == pytest.approx(2 * 353, abs=4)
    days = sample(5.0, 2.0, Design(1.0))
    assert days == pytest.approx(2 * 63, abs=2)
    uneven = sample(5.0, 2.0, Design(1.0, share_b=20))
    assert days is not None and uneven is not None and 1.5 < uneven / days < 1.6
    assert sample(0.95, 0.2, Design(0.1), aims=1.05) is None
    assert sample(5.0, 2.0, Design(0.1), likeness=0.3, people=8) is None


@pytest.mark.parametrize("difference", [5e-324, 1e-300, 1e-160, 1e-9])
def test_a_difference_too_small_for_any_sample_is_no_error(difference):
    assert sample(5.0, 2.0, Design(difference)) is None
    assert sample(0.3, 0.46, Design(difference), aims=0.3) is None
    assert sample(5.0, 2.0, Design(difference), likeness=0.2, people=8) is None


def test_a_huge_difference_needs_the_least():
    assert sample(5.0, 2.0, Design(1e200)) == sample(5.0, 2.0, Design(100.0)) == 16


@pytest.mark.parametrize(
    ("a", "b", "n", "said"),
    [
        (0.0, 1.0, 20, Verdict.B_BETTER),
        (1.0, 0.0, 20, Verdict.B_WORSE),
        (0.0, 0.0, 10, Verdict.OPEN),
        (0.0, 0.0, 200, Verdict.NO_DIFFERENCE),
    ],
)
def test_arms_whose_cases_are_all_alike(a, b, n, said):
    in_b = np.arange(2 * n) >= n
    found = effect(np.where(in_b, b, a), in_b, [str(number) for number in range(2 * n)])
    (look,) = planned(2 * n, 1, harm_stop=False)
    assert verdict(found, n, look, 1, 0.1) is said


def test_lost_cases_are_noticed():
    assert mismatch(500, 500, 50) == 1.0
    assert mismatch(400, 600, 50) < 0.001 < mismatch(480, 520, 50)
    assert mismatch(0, 0, 50) is None
    assert mismatch(800, 200, 20) == 1.0


@pytest.mark.parametrize(
    ("b", "better", "said"),
    [
        (0.52, 1, Verdict.B_BETTER),
        (0.52, -1, Verdict.B_WORSE),
        (0.301, 1, Verdict.NO_DIFFERENCE),
        (0.37, 1, Verdict.OPEN),
    ],
)
def test_what_the_last_look_says(b, better, said):
    hits = round(300 * b)
    values = np.repeat([1.0, 0.0, 1.0, 0.0], [90, 210, hits, 300 - hits])
    in_b = np.arange(600) >= 300
    found = effect(values, in_b, [str(number) for number in range(600)])
    (look,) = planned(600, 1, harm_stop=False)
    assert verdict(found, 300, look, better, 0.1) is said
    assert verdict(found, 7, look, better, 0.1) is Verdict.TOO_FEW


def test_harm_stops_earlier_than_success():
    values = np.array([1.0] * 60 + [0.0] * 40 + [1.0] * 40 + [0.0] * 60)
    in_b = np.arange(200) >= 100
    found = effect(values, in_b, [str(number) for number in range(200)])
    first = planned(600, 3, harm_stop=True)[0]
    assert HARM_BOUND < abs(found.z) < first.bound
    assert verdict(found, 100, first, 1, 0.1) is Verdict.HARM
    assert verdict(found, 100, first, -1, 0.1) is Verdict.GO_ON
    assert verdict(found, 100, planned(600, 3, harm_stop=False)[0], 1, 0.1) is Verdict.GO_ON


class Trial:
    """An experiment whose cases are planted: rows as the product writes them."""

    def __init__(self, factory: sessionmaker[Session], **changes: object) -> None:
        self.factory = factory
        self.chance = random.Random(1)
        with factory.begin() as session:
            self.version = latest_version(session, SALE).id
            told: dict[str, object] = {
                "process_key": SALE,
                "name": "Trial",
                "hypothesis": "So it is",
                "compared": "version",
                "version_a_id": self.version,
                "version_b_id": self.version,
                "share_b": 50,
                "measure": Measure.WON,
                "horizon_days": 5,
                "smallest_difference": 0.1,
                "base_mean": 0.3,
                "base_spread": 0.46,
                "base_cases": 100,
                "arrivals_per_day": 5.0,
                "needed": 60,
                "looks": 2,
                "harm_stop": False,
                "seed": "s",
                "state": "running",
                "created_by": "designer",
                "created_at": clock.now(),
                "started_at": clock.now() - timedelta(days=60),
            }
            experiment = Experiment(**{**told, **changes})
            session.add(experiment)
            session.flush()
            self.id = experiment.id

    def case(self, arm: str | None, days_ago: int, won_after: int | None) -> None:
        """A case that began some calendar days ago, and was won so many days after."""
        began = clock.now() - timedelta(days=days_ago)
        ended = began + timedelta(days=won_after) if won_after is not None else None
        with self.factory.begin() as session:
            case = ProcessInstance(
                id=UUID(int=self.chance.getrandbits(128), version=4),
                version_id=self.version,
                first_version_id=self.version,
                process_key=SALE,
                title="Byla",
                owner="ruta",
                started_at=began,
                ended_at=ended,
                status="active" if ended is None else "completed",
                outcome=None if ended is None else "signed",
                state=b"x",
            )
            session.add(case)
            session.flush()
            session.add(
                ProcessEvent(
                    instance_id=case.id, version_id=self.version, kind="instance-started", at=began
                )
            )
            if arm is not None:
                session.add(
                    ExperimentAssignment(
                        instance_id=case.id,
                        experiment_id=self.id,
                        arm=arm,
                        unit_key=f"case:{case.id.hex}",
                        at=began,
                    )
                )

    def cases(self, arm: str, days_ago: int, count: int, won: int) -> None:
        for number in range(count):
            self.case(arm, days_ago, 2 if number < won else None)

    def look(self) -> tuple[int, str, str | None]:
        """Looks taken now, state and why it was stopped."""
        taken = look_at(self.factory, self.id)
        with self.factory() as session:
            found = session.get_one(Experiment, self.id)
            return taken, found.state, found.stop_reason


@pytest.mark.damages
def test_a_look_waits_until_its_cases_are_ripe(factory, simulated):
    trial = Trial(factory)
    trial.cases("a", 9, 15, 3)
    trial.cases("b", 9, 14, 13)
    trial.cases("b", 7, 1, 1)
    assert trial.look() == (0, "running", None)
    simulated.advance(timedelta(days=1))
    assert trial.look() == (1, "stopped", "b-better")
    with factory() as session, ledger(session) as columns:
        told = report(columns, session.get_one(Experiment, trial.id))
    (look,) = told.looks
    assert (look.n_a, look.n_b, look.mean_a, look.is_last) == (15, 15, 0.2, True)
    assert look.mean_b == pytest.approx(14 / 15)
    assert told.next_look is None and told.final is None
    assert trial.look() == (0, "stopped", "b-better")


@pytest.mark.damages
def test_a_full_sample_lets_nobody_in_and_is_looked_at_once_ripe(factory, simulated):
    trial = Trial(factory)
    trial.cases("a", 20, 15, 4)
    trial.cases("b", 20, 15, 5)
    trial.cases("a", 2, 15, 4)
    trial.cases("b", 2, 15, 4)
    assert trial.look() == (1, "stopped", "sample")
    simulated.advance(timedelta(days=7))
    assert trial.look() == (1, "stopped", "sample")
    with factory() as session, ledger(session) as columns:
        told = report(columns, session.get_one(Experiment, trial.id))
    assert [each.verdict for each in told.looks] == ["go-on", "open"]
    assert (told.a.cases, told.b.cases, told.a.running) == (30, 30, None)
    assert told.mismatch == 1.0


@pytest.mark.damages
def test_the_time_limit_makes_the_last_look_of_what_there_is(factory, simulated):
    trial = Trial(factory, ends_on=clock.now().date() - timedelta(days=1))
    trial.cases("a", 20, 9, 3)
    trial.cases("b", 20, 9, 3)
    assert trial.look() == (1, "stopped", "time")
    with factory() as session, ledger(session) as columns:
        told = report(columns, session.get_one(Experiment, trial.id))
    assert [(each.n_a, each.n_b, each.is_last) for each in told.looks] == [(9, 9, True)]


@pytest.mark.damages
def test_where_no_case_came_there_is_no_last_look(factory, simulated):
    trial = Trial(factory, ends_on=clock.now().date() - timedelta(days=1))
    assert trial.look() == (0, "stopped", "time")
    with factory() as session, ledger(session) as columns:
        told = report(columns, session.get_one(Experiment, trial.id))
    assert told.next_look is None and told.cases == 0


@pytest.mark.damages
def test_measures_are_taken_at_the_horizon(factory, simulated):
    trial = Trial(factory)
    trial.case(None, 28, 2)
    trial.case(None, 28, 20)
    trial.case(None, 28, None)
    trial.case(None, 1, None)
    with factory() as session, ledger(session) as columns:
        part = Slice(process=SALE)
        won = of_slice(columns, part, Judged(Measure.WON, 5))
        cycle = of_slice(columns, part, Judged(Measure.CYCLE, 5))
        meeting = of_slice(columns, part, Judged(Measure.MEETING, 5))
    assert sorted(won.value[won.ripe]) == [0, 0, 1] and won.ripe.sum() == 3
    assert sorted(cycle.value[cycle.ripe]) == [2, 5, 5]
    assert list(meeting.value) == [5, 5, 5, 5]


@pytest.mark.damages
def test_the_forecast_reads_base_and_arrivals_from_the_past(factory, simulated):
    trial = Trial(factory)
    for number in range(60):
        trial.case(None, 20 + number % 30, 2 if number % 3 == 0 else None)
    with factory() as session, ledger(session) as columns:
        part = Slice(process=SALE)
        told = forecast(columns, part, Judged(Measure.WON, 5), Design(0.1))
        nothing = forecast(columns, Slice(process="renewal"), Judged(Measure.WON, 5), Design(0.1))
    assert told.mean == pytest.approx(1 / 3) and told.cases == 60
    assert told.per_day == 1.0 and told.needed == told.days
    assert told.needed == sample(1 / 3, told.spread, Design(0.1), aims=1 / 3 + 0.1)
    assert nothing.needed is None and not nothing.feasible


@pytest.mark.damages
def test_figures_are_told_in_full_once_it_has_ended(factory, simulated):
    trial = Trial(factory)
    trial.cases("a", 20, 12, 4)
    trial.cases("b", 20, 12, 8)
    with factory.begin() as session:
        session.scalars(select(Experiment)).one().state = "ended"
    with factory() as session, ledger(session) as columns:
        told = report(columns, session.get_one(Experiment, trial.id))
    assert told.final is not None and told.final.difference == pytest.approx(1 / 3)
    assert (told.a.running, told.b.running) == (8, 4)
    assert told.looks == [] and told.next_look is None
