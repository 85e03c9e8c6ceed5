"""Simulations are kept on both databases: asked for, claimed once, checked, told, thrown away."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm.analysis.models import SimulationRun
from broker_crm.analysis.simulation import stored
from broker_crm.analysis.simulation.settings import read_settings
from tests.analysis.simulation.past import KEY, Past

pytestmark = pytest.mark.damages
"""The planted past is written without the product's bookkeeping."""


def test_a_run_is_claimed_once_and_leaves_its_check_behind(factory: sessionmaker[Session]) -> None:
    settings = read_settings([("process", KEY), ("change", "wait:ask:2"), ("replications", "5")])
    with factory.begin() as session:
        Past(session, 0.8, 0.8, cases=150)
        run_id = stored.ask(session, settings, by="jonas").id
    with factory.begin() as session, factory() as other:
        assert stored.claim(session) == run_id
        session.commit()
        assert stored.claim(other) is None
    stored.carry_out(factory, run_id)
    with factory() as session:
        run = session.get_one(SimulationRun, run_id)
        check = stored.last_check(session, KEY, 1)
        assert (run.status, run.progress, run.problem) == ("done", 1.0, "")
        assert check is not None and run.result is not None
        assert check.result == run.result["check"]
        assert [each.id for each in stored.runs(session, KEY)] == [run_id]
    with factory.begin() as session:
        stored.delete(session, session.get_one(SimulationRun, run_id))
    stored.carry_out(factory, run_id)
    with factory() as session:
        assert session.scalars(select(SimulationRun.kind)).all() == ["check"]


def test_what_can_no_longer_be_tried_fails_with_a_reason(factory: sessionmaker[Session]) -> None:
    settings = read_settings([("process", KEY), ("replications", "5")])
    with factory.begin() as session:
        Past(session, 0.8, 0.8, cases=30)
        run = stored.ask(session, settings, by="jonas")
        run.query += "&change=without%3Anobody"
        run_id = run.id
    with factory.begin() as session:
        stored.claim(session)
    stored.carry_out(factory, run_id)
    with factory() as session:
        failed = session.get_one(SimulationRun, run_id)
        assert (failed.status, failed.problem) == ("failed", "no-such-person: without:nobody")
