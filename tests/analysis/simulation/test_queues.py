"""The simulator against theory: Erlang's C, Little's law, priorities, absences."""

from __future__ import annotations

from math import factorial, sqrt

import numpy as np
import pytest
from scipy import stats

from broker_crm.analysis.simulation.model import Model, model_of
from broker_crm.analysis.simulation.running import Simulated, run
from tests.analysis.simulation.planted import DAY, Planted
from tests.engine.diagrams import compiled, flows, user_task

SEEDS = range(12)
CASES = 3_000


def one_step() -> Model:
    body = '<bpmn:startEvent id="s"/>' + user_task("work") + '<bpmn:endEvent id="e"/>'
    return model_of(compiled(body + flows("s>work", "work>e")))


def erlang_c(servers: int, load: float, service: float) -> float:
    """Mean wait in M/M/c (Erlang 1917).

    Args:
        servers: number of them.
        load: arrivals for a mean service.
        service: its mean.
    """
    busy = load**servers / factorial(servers) * servers / (servers - load)
    waits = busy / (sum(load**n / factorial(n) for n in range(servers)) + busy)
    return waits * service / (servers - load)


@pytest.mark.parametrize("servers", [1, 3, 6])
def test_waits_agree_with_erlang(servers: int) -> None:
    model, load = one_step(), 0.75 * servers
    planted = Planted(load / 3_000, 3_000, tuple(f"p{n}" for n in range(servers)))
    span = CASES / planted.rate
    means = [np.mean(_waits(run(model, planted, seed, 0, span))[500:]) for seed in SEEDS]
    half = stats.t.ppf(0.975, len(means) - 1) * np.std(means, ddof=1) / sqrt(len(means))
    assert abs(np.mean(means) - erlang_c(servers, load, 3_000)) < half
    assert half < 0.3 * np.mean(means)


def test_littles_law_holds_exactly() -> None:
    told = run(one_step(), Planted(), 3, 0, 40 * DAY)
    moves = sorted(
        [(step.created, 1) for step in told.steps] + [(step.done, -1) for step in told.steps]
    )
    area, inside, since = 0.0, 0, 0.0
    for at, change in moves:
        area += inside * (at - since)
        inside, since = inside + change, at
    mean_number = area / told.end
    rate, sojourn = len(told.steps) / told.end, np.mean([s.done - s.created for s in told.steps])
    assert inside == 0
    assert mean_number == pytest.approx(rate * sojourn, rel=1e-12)


def test_what_is_due_first_is_done_first_and_the_absent_do_nothing() -> None:
    planted = Planted(1 / 600, 900, away={"one": ((0.0, DAY),)}, standard=2)
    told = run(one_step(), planted, 5, 0, 2 * DAY)
    assert min(step.started for step in told.steps) == DAY
    due = [int(step.created // DAY) + 2 for step in told.steps]
    assert due == sorted(due)
    assert any(step.late for step in told.steps)


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    model, planted = one_step(), Planted()
    first, again, other = (_waits(run(model, planted, seed, 0, 9 * DAY)) for seed in (1, 1, 2))
    assert first == again != other


def _waits(told: Simulated) -> list[float]:
    return [step.started - step.created for step in sorted(told.steps, key=lambda s: s.created)]
