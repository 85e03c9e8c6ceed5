"""What is planted in a past is learned from it, and a model that strays from it is rejected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from sqlalchemy.orm import Session, sessionmaker

from broker_crm.analysis.ledger import Ledger, ledger
from broker_crm.analysis.simulation.behaviour import Person
from broker_crm.analysis.simulation.calibration import calibrate
from broker_crm.analysis.simulation.fitting import fit
from broker_crm.analysis.simulation.habits import Habits
from broker_crm.analysis.simulation.model import Model, model_of
from broker_crm.analysis.simulation.results import Line, compare
from broker_crm.analysis.simulation.running import run
from broker_crm.analysis.simulation.scenarios import ChangeRefused, changed, read_changes
from broker_crm.analysis.simulation.settings import read_query, read_settings
from broker_crm.analysis.simulation.traces import follows, traces
from broker_crm.analysis.simulation.versions import published_model, version_of
from broker_crm.engine.definition import Source, compile_process
from tests.analysis.simulation.past import CHECKED, KEY, LATER, Past, tiny
from tests.analysis.simulation.planted import DAY

Factory = sessionmaker[Session]
pytestmark = pytest.mark.damages
"""The planted past is written without the product's bookkeeping."""


@contextmanager
def past(factory: Factory, wait: float, later: float) -> Iterator[tuple[Ledger, Model]]:
    with factory.begin() as session:
        Past(session, wait, later)
    with factory() as session, ledger(session) as columns:
        yield columns, published_model(session, version_of(session, KEY, None))


def now(columns: Ledger) -> float:
    return float(columns.row("SELECT $now_s AS now", {})["now"])


def test_shares_waits_people_and_arrivals_are_learned(factory: Factory) -> None:
    with past(factory, 0.8, 0.8) as (columns, model):
        habits = fit(columns, model, 1)
        told = run(model, habits, 7, now(columns), now(columns) + 400 * DAY)
        cases = [row["case_id"] for row in columns.rows("SELECT case_id FROM case_file", {})]
        read = traces(columns, cases)
    assert all(follows(model, read[case]) for case in cases)
    first = [step for step in told.steps if step.node.id == "ask" and step.visit == 1]
    assert np.mean([step.outcome == "later" for step in first]) == pytest.approx(LATER, abs=0.07)
    checked = [step for step in told.steps if step.node.id == "check"]
    assert len(checked) / len(told.cases) == pytest.approx(CHECKED, abs=0.08)
    assert {step.person for step in checked} == {"product"}
    owners = {case.case: case.profile.owner for case in told.cases}
    assert all(step.person == owners[step.case] for step in first)
    waits = [(step.started - step.created) / DAY for step in first]
    assert np.mean(waits) == pytest.approx(0.8, rel=0.25)
    again = {step.case: step.created for step in told.steps if step.node.id == "ask"}
    pauses = [again[step.case] - step.done for step in first if step.outcome == "later"]
    assert min(pauses) >= DAY
    assert len(told.cases) / 400 == pytest.approx(300 / 143, rel=0.15)
    assert habits.people["product"].role == habits.people["jonas"].role == ""


def test_a_steady_past_is_told_right(factory: Factory) -> None:
    with past(factory, 0.8, 0.8) as (columns, model):
        steady = calibrate(columns, model, 1, replications=40)
    assert steady.verdict == "accepted" and not steady.failing and steady.nearer
    assert {each.what for each in steady.checks if each.step is None} == {
        "cases", "cycle-median", "cycle-ninth",
    }  # fmt: skip
    assert steady.learned > 150 and steady.checked > 60


def test_a_past_that_changed_is_not_reproduced(factory: Factory) -> None:
    with past(factory, 0.8, 2.4) as (columns, model):
        strayed = calibrate(columns, model, 1, replications=40)
    assert strayed.verdict == "rejected"
    assert {each.what for each in strayed.failing} >= {"cycle-median", "wait-median"}


def test_a_young_process_cannot_be_checked(factory: Factory) -> None:
    with factory.begin() as session:
        Past(session, 0.8, 0.8, cases=20)
    with factory() as session, ledger(session) as columns:
        model = published_model(session, version_of(session, KEY, None))
        found = calibrate(columns, model, 1)
    assert found.verdict == "too-few" and found.checks == ()


def by_key(lines: tuple[Line, ...]) -> dict[str, Line]:
    return {line.key: line for line in lines}


def test_changes_do_what_they_say_and_nothing_else(factory: Factory) -> None:
    with past(factory, 0.8, 0.8) as (columns, model):
        habits, at = fit(columns, model, 1), now(columns)

        def tried(*texts: str) -> dict[str, Line]:
            other = (model, changed(habits, model, read_changes(texts)))
            outcome = compare(model, habits, at, 8, other)
            return by_key((*outcome.figures, *outcome.waits, *outcome.people))

        nothing = tried()
        faster = tried("wait:ask:0.5")
        never = tried("outcome:ask:later:0")
        checked = tried("flow:rule:rule-check:1")
        doubled = tried("arrivals:2")
        alone = tried("without:ruta")
        strict = tried("standard:ask:0")
    assert all(line.difference and line.difference.mean == 0 for line in nothing.values())
    assert faster["ask"].changed and faster["ask"].today
    assert faster["ask"].changed.mean == pytest.approx(faster["ask"].today.mean / 2, rel=0.05)
    assert faster["cycle-median"].clear and not faster["cases"].clear
    assert never["cycle-ninth"].difference and never["cycle-ninth"].difference.high < 0
    assert checked["cost"].difference and checked["cost"].difference.low > 0
    assert doubled["cases"].today and doubled["cases"].changed
    assert doubled["cases"].changed.mean == pytest.approx(2 * doubled["cases"].today.mean, rel=0.02)
    assert alone["ruta"].changed is None and alone["jonas"].difference
    assert alone["jonas"].difference.low > 0
    assert strict["late-share"].clear and not strict["cycle-median"].clear


def test_work_beyond_the_hours_warns_that_the_queue_grows(factory: Factory) -> None:
    with past(factory, 0.8, 0.8) as (columns, model):
        habits = fit(columns, model, 1)
        told = read_changes(["work:ask:10", "arrivals:6", "without:ruta"])
        other = (model, changed(habits, model, told))
        outcome = compare(model, habits, now(columns), 3, other)
    assert ("overload", "jonas") in outcome.warnings
    assert ("overload", "product") not in outcome.warnings


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense", "unknown"),
        ("wait:ask", "unknown"),
        ("wait:ask:-1", "number"),
        ("wait:ask:nan", "number"),
        ("wait:nobody:2", "no-such-step"),
        ("outcome:ask:perhaps:0.5", "no-such-outcome"),
        ("outcome:ask:yes:1.5", "number"),
        ("flow:held:held-wait:0.5", "decided"),
        ("flow:rule:else:0.5", "no-such-gateway"),
        ("without:nobody", "no-such-person"),
        ("add:pilots:1", "no-such-group"),
        ("add::1", "unknown"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, code: str) -> None:
    model = model_of(compile_process(Source(KEY, {"tiny.bpmn": tiny()})))
    habits = Habits({"jonas": Person("jonas", "salesperson")}, [], [])
    with pytest.raises(ChangeRefused) as refused:
        changed(habits, model, read_changes([text]))
    assert refused.value.code == code


def test_settings_come_back_from_their_address() -> None:
    pairs = [("process", KEY), ("version", "3"), ("change", "outcome:ask:yes:+0.05")]
    pairs += [("change", "add:salesperson:2"), ("change", ""), ("replications", "60")]
    told = read_settings(pairs)
    assert read_query(told.query) == told
    assert [each.text for each in told.changes] == ["outcome:ask:yes:+0.05", "add:salesperson:2"]
