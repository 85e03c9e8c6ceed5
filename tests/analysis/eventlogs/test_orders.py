"""Files that people order: made by a worker, kept for some days, of nobody else."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.analysis.eventlogs import exporting, ordering
from broker_crm.analysis.eventlogs.choosing import Chosen
from broker_crm.analysis.eventlogs.models import LogExport, LogExportPiece
from broker_crm.analysis.eventlogs.ordering import FORMS, TooManyOrders
from broker_crm.crm import audit
from tests.analysis.story import Story

pytestmark = pytest.mark.damages


def order(factory: sessionmaker[Session], form: str = "xes", *, masked: bool = True) -> LogExport:
    with factory.begin() as session:
        return ordering.order(session, form, Chosen(), masked=masked, by="analyst")


def pieces(factory: sessionmaker[Session]) -> int:
    with factory() as session:
        return session.scalar(select(func.count()).select_from(LogExportPiece)) or 0


def test_every_form_is_made_and_taken_away_in_pieces(
    factory: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordering, "PIECE", 10_000)
    with factory.begin() as session:
        Story(session, seed=3, cases=20)
    for form in FORMS:
        ordered = order(factory, form)
        assert ordering.make(factory) == 1
        with factory() as session:
            made = ordering.made(session, ordered.id, "analyst")
            assert made is not None and made.events > 0
            content = b"".join(ordering.content(factory, made.id))
            assert len(content) == made.size
            assert ordering.made(session, ordered.id, "manager") is None
            assert ordering.name_of(made) == f"broker_crm-all-masked{FORMS[form].ending}"
            noted = audit.entries(session, limit=1)[0]
            assert (noted.action, noted.actor) == ("log-exported", "analyst")
            assert noted.detail["masked"] is True and noted.detail["events"] == made.events
    assert pieces(factory) > len(FORMS)
    assert ordering.make(factory) == 0


def test_an_order_is_made_once_though_several_workers_look(
    factory: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    order(factory)
    write, written = exporting.write, []

    def looked_at_meanwhile(*given: object, **told: object) -> object:
        written.append(ordering.make(factory))
        return write(*given, **told)  # type: ignore[arg-type]

    monkeypatch.setattr(exporting, "write", looked_at_meanwhile)
    assert ordering.make(factory) == 1
    assert written == [0]


def test_a_file_whose_workers_die_is_given_up_after_three_times(
    factory: sessionmaker[Session],
    simulated: clock.SimulatedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ordered = order(factory)
    monkeypatch.setattr(exporting, "write", lambda *_given, **_told: 1 / 0)
    for _attempt in range(ordering.MOST_ATTEMPTS):
        with pytest.raises(ZeroDivisionError):
            ordering.make(factory)
        assert ordering.make(factory) == 0
        simulated.advance(ordering.LEASE + timedelta(seconds=1))
    assert ordering.make(factory) == 0
    with factory() as session:
        assert session.get_one(LogExport, ordered.id).state == "failed"


def test_files_pass_away(factory: sessionmaker[Session], simulated: clock.SimulatedClock) -> None:
    order(factory)
    ordering.make(factory)
    simulated.advance(ordering.KEPT - timedelta(hours=1))
    ordering.make(factory)
    assert pieces(factory) == 1
    simulated.advance(timedelta(hours=2))
    ordering.make(factory)
    assert pieces(factory) == 0
    with factory() as session:
        assert ordering.orders(session, "analyst") == []


def test_a_person_throws_own_files_away_only(factory: sessionmaker[Session]) -> None:
    ordered = order(factory)
    ordering.make(factory)
    with factory.begin() as session:
        ordering.throw_away(session, ordered.id, "manager")
        ordering.throw_away(session, uuid4(), "analyst")
    assert pieces(factory) == 1
    with factory.begin() as session:
        ordering.throw_away(session, ordered.id, "analyst")
    assert pieces(factory) == 0


def test_nobody_orders_without_end(factory: sessionmaker[Session]) -> None:
    for _each in range(ordering.MOST_WAITING):
        order(factory)
    with pytest.raises(TooManyOrders):
        order(factory)


def test_the_worker_makes_files_beside_its_sweeps(factory: sessionmaker[Session]) -> None:
    assert ordering.begin(factory) == 0
    ordered = order(factory)
    assert ordering.begin(factory) == 1
    for thread in ordering.threading.enumerate():
        if thread.name == ordering.DUTY:
            thread.join()
    with factory() as session:
        assert session.get_one(LogExport, ordered.id).state == "made"
