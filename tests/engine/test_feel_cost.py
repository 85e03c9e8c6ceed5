"""Expressions cost little beside the rest of a step, once their results are remembered.

Both times are taken in the same walk, so that the speed of the machine does not matter; of several
walks the calmest counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import pytest

from broker_crm import clock
from broker_crm.engine import commands
from broker_crm.engine.feel import evaluation
from broker_crm.engine.feel.remembering import memory
from tests.processes.sale import Sale

WALKS = 12


@dataclass
class Spent:
    """What one walk took, in seconds and in calls."""

    evaluating: float = 0.0
    """Within completions; without the calendar's own arithmetic that expressions ask for."""
    completing: float = 0.0
    evaluations: int = 0
    asked: int = 0
    """How often the interpreter itself ran."""


class Watch:
    """Stands around evaluation and completion while a sale is walked."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.spent = Spent()
        self.completing = False
        settle, ask = evaluation._settled, evaluation.ask
        complete, call_host = commands.complete, evaluation._call

        def settling(*arguments: Any) -> Any:
            self.spent.evaluations += 1
            return self._timed(settle, arguments, 1)

        def calling(*arguments: Any) -> Any:
            return self._timed(call_host, arguments, -1)

        def asking(*arguments: Any) -> Any:
            self.spent.asked += 1
            return ask(*arguments)

        def completing(*arguments: Any) -> Any:
            began, self.completing = perf_counter(), True
            try:
                return complete(*arguments)
            finally:
                self.completing = False
                self.spent.completing += perf_counter() - began

        patch.setattr(evaluation, "_settled", settling)
        patch.setattr(evaluation, "_call", calling)
        patch.setattr(evaluation, "ask", asking)
        patch.setattr(commands, "complete", completing)

    def _timed(self, function: Callable[..., Any], arguments: tuple[Any, ...], sign: int) -> Any:
        began = perf_counter()
        try:
            return function(*arguments)
        finally:
            if self.completing:
                self.spent.evaluating += sign * (perf_counter() - began)

    def walk(self) -> Spent:
        self.spent = Spent()
        sale = Sale().to_offer().offer().send_offer()
        sale.do("Task_OfferCall", offerCallOutcome="accepts").contract().send_contract()
        assert sale.do("Task_Signing", signingOutcome="signed").outcome == "signed"
        return self.spent


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    memory.clear()
    yield Watch(monkeypatch)


def test_remembered_expressions_take_less_than_a_tenth_of_completing(watch: Watch) -> None:
    first = watch.walk()
    assert first.evaluating > 0.1 * first.completing
    walks = [watch.walk() for _ in range(WALKS)]
    shares = sorted(spent.evaluating / spent.completing for spent in walks)
    assert shares[0] < 0.1, [f"{share:.1%}" for share in shares]


def test_a_second_walk_needs_the_interpreter_no_more(watch: Watch) -> None:
    first, second = watch.walk(), watch.walk()
    assert first.evaluations == second.evaluations > 200
    assert first.asked > 100
    assert second.asked == 0


def test_today_is_remembered_for_one_day_of_the_office(watch: Watch) -> None:
    ticking = clock.SimulatedClock(datetime(2026, 11, 23, 21, 59, tzinfo=UTC))
    with clock.use(ticking):
        for minutes, day in ((0, "2026-11-23"), (0.5, "2026-11-23"), (1, "2026-11-24")):
            ticking.advance(timedelta(minutes=minutes))
            assert evaluation.evaluate("string(today())", {}) == day
        assert watch.spent.asked == 2
