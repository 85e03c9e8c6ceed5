"""A scenario is lived through for real: forms, clock, timers, letters; a failure says where."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import text

from broker_crm import clock
from broker_crm.db import connect
from broker_crm.definitions.bundle import Bundle
from broker_crm.scenarios import apart
from broker_crm.scenarios.errors import ScenarioRejected
from broker_crm.scenarios.performing import Performance

from .conftest import INTRO, sale

Live = Callable[..., Performance]


def test_steps_timers_and_letters_follow_the_office_s_clock(live: Live) -> None:
    performed = live(
        {"expect": {"open": ["intro-letter"], "assignees": {"intro-letter": "jonas"}}},
        INTRO | {"expect": {"letters": ["intro"], "due": {"first-call": "2026-03-05"}}},
        {"do": "first-call", "values": {"firstCallOutcome": "no-answer"}},
        {"fire": "Timer_FirstCallAgain", "expect": {"open": ["first-call"], "outcome": ""}},
        {"wait": "1 working day"},
        expect={"passed": ["Task_FirstCall"], "variables": {"productClass": "B"}},
    )
    assert performed.problem is None
    due = next(each for each in performed.verdicts if each.about == "due")
    kept = [each.kept for each in performed.verdicts if each.about != "due"]
    assert all(kept) and due.actual.startswith("2026-03-")
    assert performed.seen is not None and performed.seen["now"] > "2026-03-03T09:00"


def test_what_is_not_kept_says_what_was_expected_and_got(live: Live) -> None:
    told = {"outcome": "signed", "open": ["signing"], "letters": ["intro"],
            "passed": ["End_Signed"], "groups": {"signing": "assistant"}}  # fmt: skip
    performed = live(expect=told)
    assert not performed.kept
    assert {each.about: (each.expected, each.actual) for each in performed.verdicts} == {
        "outcome": ("signed", "–"),
        "open": ("signing", "intro-letter"),
        "letters": ("intro", "–"),
        "passed": ("passed", "not passed"),
        "groups": ("assistant", "(not open)"),
    }


@pytest.mark.parametrize(
    ("steps", "told", "place", "code"),
    [
        ([{"do": "signing"}], {}, "steps[0].do", "not-open"),
        ([{"do": "intro-letter", "values": {"surprise": 1}}], {}, "steps[0].values",
         "refused-form"),
        ([INTRO | {"by": "product"}], {}, "steps[0]", "refused-step"),
        ([INTRO | {"by": "nobody"}], {}, "steps[0]", "refused-step"),
        ([{"wait": "2026-03-01T09:00"}], {}, "steps[0].wait", "backwards"),
        ([{"fire": "Timer_X"}], {}, "steps[0].fire", "no-such-timer"),
        ([{"send": "hello"}], {}, "steps[0].send", "nobody-waits"),
        ([INTRO], {"client": {"kind": "legal", "consent": False}}, "steps[0].do", "ended"),
        ([{"wait": "next timer"}], {"client": {"kind": "legal", "consent": False}},
         "steps[0].wait", "no-timer"),
        ([], {"process": "nothing"}, "process", "no-process"),
        ([], {"product": "moon"}, "product", "no-product"),
        ([], {"client": {"owner": "nobody"}}, "client.owner", "no-person"),
        ([], {"client": {"policies": [{"product": "cyber", "starts": "2026-01-01",
          "ends": "2026-12-31", "insurer": "Nobody"}]}}, "client.policies[0].insurer",
         "no-insurer"),
        ([], {"process": "complaint"}, "", "needs"),
        ([], {"process": "renewal"}, "client", "not-started"),
    ],
)  # fmt: skip
def test_what_can_t_be_done_stops_the_scenario_at_its_place(
    live: Live, steps: list[object], told: dict[str, Any], place: str, code: str
) -> None:
    performed = live(*steps, **told)
    assert performed.problem is not None and not performed.kept
    assert (performed.problem.place, performed.problem.code) == (place, code)
    assert "%(" not in str(performed.problem)


def test_nothing_of_it_reaches_the_product_s_database(
    furnished_sqlite_url: str, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", furnished_sqlite_url)
    monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:1")
    before = _content(furnished_sqlite_url)
    performed = live(INTRO)
    assert performed.seen is not None and performed.seen["letters"] == ["intro"]
    assert _content(furnished_sqlite_url) == before


def _content(url: str) -> dict[str, list[Any]]:
    engine = connect(url)
    with engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        found = {
            name: sorted(map(repr, connection.execute(text(f'SELECT * FROM "{name}"'))))
            for (name,) in names.all()
        }
    engine.dispose()
    return found


def test_two_threads_with_different_clocks_do_not_mix() -> None:
    start = datetime(2026, 3, 2, 7, tzinfo=UTC)
    together, told = Barrier(2), {}

    def live_there(days: int) -> None:
        simulated = clock.SimulatedClock(start + timedelta(days=days))
        with clock.use_here(simulated):
            for _turn in range(50):
                together.wait()
                simulated.advance(timedelta(minutes=1))
                together.wait()
                told.setdefault(days, []).append(clock.now() - start - timedelta(days=days))

    threads = [Thread(target=live_there, args=(days,)) for days in (1, 400)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    minutes = [timedelta(minutes=turn) for turn in range(1, 51)]
    assert told == {1: minutes, 400: minutes}
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_trial_without_end_is_stopped_and_the_next_one_goes_on(shipped: list[Bundle]) -> None:
    stopped = apart.perform_apart(shipped, sale(), cpu_seconds=0.05)
    assert stopped["problem"]["code"] == "too-long" and not stopped["kept"]
    performed = apart.perform_apart(shipped, sale(INTRO), closely="lt")
    assert performed["problem"] is None
    assert performed["seen"]["written"][0]["template"] == "intro"
    assert performed["seen"]["written"][0]["subject"]


def test_the_child_process_is_told_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://secret@host/db")
    child = apart._Child()
    told = Path(f"/proc/{child.process.pid}/environ").read_bytes()
    child.end()
    assert b"DATABASE_URL" not in told and os.environ["DATABASE_URL"]


def test_a_scenario_that_can_t_be_read_is_refused_by_the_child_too(shipped: list[Bundle]) -> None:
    with pytest.raises(ScenarioRejected):
        apart.perform_apart(shipped, {"process": "renewal"})
