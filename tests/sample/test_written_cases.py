"""Cases written in bulk leave the same rows as those that the engine lived through."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.clock import SimulatedClock
from broker_crm.crm.cases import RENEWAL, start_automatically, start_case
from broker_crm.crm.models import Client, Policy, Product
from broker_crm.db import connect, sessions
from broker_crm.definitions.published import latest_version
from broker_crm.integrity import broken
from broker_crm.sample.behaviour import SampleCase
from broker_crm.sample.lived import Simulation
from broker_crm.sample.numbering import Numbers, highest
from broker_crm.sample.plans import SALE, renewal_case, sale_case
from broker_crm.sample.policies import add_holdings
from broker_crm.sample.written import Office
from tests.sample.furnished import TODAY

SALES = range(12)
RENEWALS = 6
STEPS = {"insurer-quote", "offer-approval", "policy-check", "payment-watch"}
"""Some that the cases must come to, or nothing is shown about them."""
LINK = re.compile(r"/offer/[\w-]+")
TABLES = {
    "cases": "select process_key, title, client_id, outcome, reason, started_at, started_by,"
    " ended_at, segment, status from process_instance order by started_at, title",
    "tasks": "select step, created_at, claimed_at, started_at, due_at, completed_at, completed_by,"
    " outcome, reason, loop_number, standard_working_days, standard_minutes, standard_cost,"
    " actual_minutes, status, candidate_group, form_key, lane, help, local_variables"
    " from user_task order by created_at, step, completed_at, actual_minutes",
    "events": "select kind, at, actor, element_id, element_name, element_type, measure, outcome,"
    " reason, loop_number, first_reach, wait_seconds, work_seconds, late_days,"
    " standard_working_days, standard_cost,"
    " case when kind like 'letter%' or kind = 'offer-opened' then null"
    " when kind = 'instance-started' then json_remove(value, '$.policyId', '$.policy.id')"
    " when kind = 'task-completed' then json_remove(value, '$.newPolicyNumber', '$.policyNumber')"
    " when kind = 'element-passed' then json_remove(value, '$.set.letterId', '$.set.issued.id')"
    " else value end as told"
    " from process_event order by at, kind, element_id, actor, told, work_seconds",
    "offers": "select version, status, valid_until, prepared_by, approval_level, approved_by,"
    " sent_at, opened_at, decided_at, corrections, deviation_reason, premium,"
    " premium_deviation_percent, commission_effect, other_premium_effect,"
    " standard_premium, extra_covers, insurer_id,"
    " (select group_concat(kind || ' ' || standard || ' ' || offered || ' ' || reason, ', ')"
    "  from offer_deviation where line_id = offer_line.id) as deviations"
    " from offer join offer_line on offer_id = offer.id order by prepared_at, premium",
    "quotes": "select quote.client_id, insurer_id, quote.product_id, asked_at, answered_at,"
    " quote.status, premium, sum_insured, deductible, commission_percent, decline_reason"
    " from quote order by asked_at, insurer_id",
    "contracts": "select version, status, premium, approved_by, signed_at, signing_method,"
    " differences, starts_on, ends_on, policy_id is not null"
    " from contract order by prepared_at, premium",
    "needs": "select version, answers, confirmed_at, recorded_by from needs_record"
    " order by recorded_at",
    "meetings": "select client_id, starts_at, minutes, place, status, sequence from meeting"
    " order by starts_at, client_id",
    "notes": "select client_id, kind, at, author, reaction, text from interaction"
    " where instance_id is not null order by at, client_id, kind",
    "letters": "select template_key, language, recipient, subject, body, created_at from letter"
    " order by created_at, recipient",
    "policies": "select client_id, product_id, insurer_id, starts_on, ends_on, premium, sales_type,"
    " renewed_from_id, sum_insured, instalment_count,"
    " (select sum(amount) from instalment where policy_id = policy.id),"
    " (select group_concat(cover, ', ') from policy_cover where policy_id = policy.id)"
    " from policy where instance_id is not null order by client_id, product_id, starts_on",
    "renewals": "select policy_id, at from renewal_start order by policy_id",
}
"""What must be the same, in an order that does not depend on ids."""


@pytest.fixture
def brokerage(furnished_sqlite: Path, tmp_path: Path) -> Path:
    """Furnished with clients and what they hold, without any case."""
    path = tmp_path / "sample.sqlite3"
    shutil.copyfile(furnished_sqlite, path)
    engine = connect(f"sqlite:///{path}")
    with sessions(engine).begin() as session:
        clients = list(session.scalars(select(Client).order_by(Client.id).limit(60)))
        add_holdings(session, clients, 60, 1.0, TODAY.date())
    engine.dispose()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def planned(session: Session) -> Iterator[tuple[datetime, SampleCase, Policy | None]]:
    """Sales on one morning after the other, and renewals of policies that ended long ago."""
    clients = list(session.scalars(select(Client).order_by(Client.id)))
    for number in SALES:
        day = TODAY - timedelta(days=600 - number)
        yield day, sale_case(number, clients, early=False), None
    old = select(Policy).where(Policy.ends_on < TODAY.date() - timedelta(days=200))
    for policy in session.scalars(old.order_by(Policy.id).limit(RENEWALS)):
        begins = policy.ends_on - timedelta(days=62)
        yield datetime.combine(begins, time(9), OFFICE), renewal_case(session, policy), policy


def write(factory: sessionmaker[Session], simulated: SimulatedClock) -> None:
    with factory() as reading:
        cases = list(planned(reading))
        numbers = Numbers(highest(reading))
        reading.rollback()
        office = Office(reading, simulated, TODAY, numbers)
        for at, case, policy in cases:
            office.write(case, latest_version(reading, case.process), at, policy)
        with factory.begin() as session:
            office.hand_over(session)


def live(factory: sessionmaker[Session], simulated: SimulatedClock) -> None:
    simulation = Simulation(factory, simulated, TODAY)
    with factory() as session:
        products = {row.key: row.id for row in session.scalars(select(Product))}
        for at, case, policy in planned(session):
            asked: dict[str, Any] = {
                "clientId": case.client_id,
                "productId": products[case.product or ""],
                "owner": case.owner,
            }
            if policy is not None:
                asked["policyId"] = policy.id

            def begin(
                session: Session, case: SampleCase = case, asked: dict[str, Any] = asked
            ) -> Any:
                if case.process == RENEWAL:
                    return start_automatically(session, RENEWAL, asked)
                return start_case(session, SALE, asked, by=case.owner)

            simulation.begin(at, case, begin)
    simulation.run()


def test_written_and_lived_cases_leave_the_same_rows(brokerage: Path, tmp_path: Path) -> None:
    found = {}
    for way in (write, live):
        copy = tmp_path / f"{way.__name__}.sqlite3"
        shutil.copyfile(brokerage, copy)
        factory = sessions(connect(f"sqlite:///{copy}"))
        simulated = SimulatedClock(TODAY - timedelta(days=850))
        with clock.use(simulated):
            way(factory, simulated)
        with factory() as session:
            assert broken(session) == []
            found[way] = {
                name: [_without_secrets(row) for row in session.execute(text(statement))]
                for name, statement in TABLES.items()
            }
    for name in TABLES:
        assert found[write][name] == found[live][name], name
    assert len({row[3] for row in found[live]["cases"]}) >= 3, "several ends"
    assert len(found[live]["events"]) > 400
    assert {row[0] for row in found[live]["tasks"]} >= STEPS
    assert found[live]["quotes"] and any(row[-1] for row in found[live]["offers"])
    assert any(row[0] == "offer-opened" for row in found[live]["events"])


def _without_secrets(row: Any) -> tuple[Any, ...]:
    """The row; links in letters are random."""
    return tuple(
        LINK.sub("/offer/", each.replace("\\", "")) if isinstance(each, str) else each
        for each in row
    )
