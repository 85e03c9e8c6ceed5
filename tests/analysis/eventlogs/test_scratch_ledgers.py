"""A foreign log opens as a ledger with the tables of one's own work."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.analysis.eventlogs import keeping, scratch
from broker_crm.analysis.eventlogs.fields import Reading
from broker_crm.analysis.eventlogs.keeping import MappingRefused
from broker_crm.analysis.eventlogs.models import EventLog
from broker_crm.analysis.eventlogs.scratch import NoSuchLog, ledger_of, version_names
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.questions import QUESTIONS
from broker_crm.analysis.slices import Slice
from broker_crm.analysis.tables import TABLES
from broker_crm.backup import back_up
from broker_crm.db import connect, sessions

COMPLETIONS = """case id;activity;timestamp;resource;variant;region
1;Call;16.11.2026 10:00;Ona;old;North
1;Offer;17.11.2026 12:00;Petras;old;North
1;Sign;20.11.2026 12:00;Ona;old;North
2;Call;16.11.2026 09:30;Ona;new;South
2;Call;18.11.2026 09:30;Ona;new;South
"""
INTERVALS = """case id,activity,start timestamp,complete timestamp,resource
1,Call,2026-11-16T10:00:00+02:00,2026-11-16T10:30:00+02:00,Ona
1,Offer,2026-11-16T15:00:00+02:00,2026-11-17T11:00:00+02:00,Petras
1,Check,2026-11-16T16:00:00+02:00,2026-11-16T16:30:00+02:00,Ona
1,Sign,2026-11-18T09:00:00+02:00,,Ona
"""
XES = """<log xmlns="http://www.xes-standard.org/" xes.features="nested-attributes">
 <string key="my log name" value="x"/>
 <trace><string key="concept:name" value="A 1"/><string key="variant" value="new"/>
  <event><string key="concept:name" value="Call"/><string key="lifecycle:transition"
    value="SCHEDULE"/><date key="time:timestamp" value="2026-11-16T09:00:00.000+02:00"/></event>
  <event><string key="concept:name" value="Call"/><string key="lifecycle:transition"
    value="start"/><date key="time:timestamp" value="2026-11-16T11:00:00.000+02:00"/></event>
  <event><string key="concept:name" value="Call"/><string key="org:resource" value="Ona"/>
   <string key="lifecycle:transition" value="COMPLETE"/><string key="a key with spaces"
    value="1"><string key="nested" value="2"/></string>
   <date key="time:timestamp" value="2026-11-16T12:00:00.000+02:00"/></event>
  <event><string key="concept:name" value="Offer"/><string key="lifecycle:transition"
    value="schedule"/><date key="time:timestamp" value="2026-11-16T12:00:00.000+02:00"/></event>
  <event><string key="concept:name" value="Offer"/><string key="lifecycle:transition"
    value="ate_abort"/><date key="time:timestamp" value="2026-11-17T12:00:00.000+02:00"/></event>
 </trace>
 <trace>
  <event><string key="concept:name" value="Call"/>
    <date key="time:timestamp" value="2026-11-19T09:00:00.000+02:00"/></event>
 </trace>
</log>
"""
HOUR = 3600.0


@pytest.fixture
def factory(database_url: str, simulated: clock.SimulatedClock) -> Iterator[sessionmaker[Session]]:
    """Sessions on a migrated database without people and clients."""
    engine = connect(database_url)
    yield sessions(engine)
    engine.dispose()


def brought(
    factory: sessionmaker[Session],
    text: str | bytes,
    file_name: str,
    *,
    round_the_clock: bool = False,
    without: tuple[str, ...] = (),
) -> UUID:
    content = text.encode() if isinstance(text, str) else text
    with factory.begin() as session:
        log = keeping.receive(session, io.BytesIO(content), file_name, by=None)
        proposed = Reading.of(log.mapping)
        columns = {key: at for key, at in proposed.columns.items() if key not in without}
        reading = Reading(columns, proposed.time)
        keeping.confirm(session, log.id, reading, round_the_clock=round_the_clock)
        return log.id


def steps(found: Ledger, columns: str) -> list[tuple[object, ...]]:
    rows = found.rows(
        f"SELECT {columns} FROM task JOIN (SELECT case_no, case_id FROM case_file) USING (case_no)"
        " ORDER BY case_id, done_s, created_s",
        {},
    )
    return [tuple(row.values()) for row in rows]


def test_a_log_of_completions_knows_the_time_since_the_step_before(
    factory: sessionmaker[Session],
) -> None:
    log = brought(factory, COMPLETIONS, "talks.csv")
    with factory() as session, ledger_of(session, log) as found:
        told = steps(found, "case_id, step, started_s, (done_s - created_s) / 3600, person, loop")
        assert told == [
            ("1", "Call", None, 0.0, "Ona", 1),
            ("1", "Offer", None, 10.0, "Petras", 1),
            ("1", "Sign", None, 24.0, "Ona", 1),
            ("2", "Call", None, 0.0, "Ona", 1),
            ("2", "Call", None, 16.0, "Ona", 2),
        ]
        cases = found.rows("SELECT * FROM case_file ORDER BY case_id", {})
        assert [(each["version"], each["region"]) for each in cases] == [(2, "North"), (1, "South")]
        assert version_names(found) == {1: "new", 2: "old"}
        assert {each["process"] for each in cases} == {"talks"}
        assert {each["status"] for each in cases} == {"completed"}
        assert found.now == datetime(2026, 11, 20, 10, tzinfo=UTC)
        part = Slice(region="North", version=2)
        rows = found.rows(
            f"SELECT c.case_id FROM case_file c WHERE {part.of_case()}", part.parameters()
        )
        assert [each["case_id"] for each in rows] == ["1"]


def test_round_the_clock_counts_nights_too(factory: sessionmaker[Session]) -> None:
    log = brought(factory, COMPLETIONS, "talks.csv", round_the_clock=True)
    with factory() as session, ledger_of(session, log) as found:
        told = steps(found, "(done_s - created_s) / 3600, done_d - created_d")
        assert told == [(0.0, 0), (26.0, 1), (72.0, 3), (0.0, 0), (48.0, 2)]


def test_a_step_could_begin_when_the_last_one_before_its_start_was_completed(
    factory: sessionmaker[Session],
) -> None:
    log = brought(factory, INTERVALS, "intervals.csv")
    with factory() as session, ledger_of(session, log) as found:
        told = steps(found, "step, (started_s - created_s) / 3600, (done_s - started_s) / 3600")
        assert told == [
            ("Call", 0.0, 0.5),
            ("Check", 5.5, 0.5),
            ("Offer", 4.5, 4.0),
            ("Sign", 6.0, None),
        ]
        (case,) = found.rows("SELECT status, ended_s, owner FROM case_file", {})
        assert case == {"status": "active", "ended_s": None, "owner": "Ona"}


@pytest.mark.parametrize("packed", [False, True])
def test_xes_from_the_wild_is_read(factory: sessionmaker[Session], packed: bool) -> None:
    content = gzip.compress(XES.encode()) if packed else XES.encode()
    log = brought(factory, content, "wild.xes.gz" if packed else "wild.xes")
    with factory() as session, ledger_of(session, log) as found:
        told = steps(
            found,
            "case_id, step, status, (started_s - created_s) / 3600,"
            " (done_s - created_s) / 3600, person",
        )
        assert told == [
            ("2", "Call", "completed", None, 0.0, None),
            ("A 1", "Call", "completed", 2.0, 3.0, "Ona"),
            ("A 1", "Offer", "cancelled", None, 8.0, None),
        ]


def test_a_case_without_an_outcome_goes_on_where_a_column_tells_outcomes(
    factory: sessionmaker[Session],
) -> None:
    rows = ("case,activity,time,outcome", "1,Call,2026-11-16,", "1,Sign,2026-11-17,won")
    text = "\n".join([*rows, "2,Call,2026-11-16,"])
    log = brought(factory, text, "outcomes.csv")
    with factory() as session, ledger_of(session, log) as found:
        told = found.rows("SELECT case_id, status, outcome FROM case_file ORDER BY 1", {})
        assert [tuple(each.values()) for each in told] == [
            ("1", "completed", "won"),
            ("2", "active", None),
        ]


def test_every_question_can_be_asked_of_a_log(factory: sessionmaker[Session]) -> None:
    log = brought(factory, COMPLETIONS, "talks.csv")
    with factory() as session, ledger_of(session, log) as found:
        tables = found.rows("SELECT table_name AS t FROM information_schema.tables", {})
        assert {*TABLES, "person"} <= {each["t"] for each in tables}
        for question in QUESTIONS.values():
            assert question.answer(found, Slice(), question.breakdowns[0]).id == question.id
        assert QUESTIONS["Q2"].answer(found, Slice(), "step").n == 0


def test_without_a_log_the_ledger_is_that_of_ones_own_work(factory: sessionmaker[Session]) -> None:
    brought(factory, COMPLETIONS, "talks.csv")
    with factory() as session:
        with ledger_of(session, None) as found:
            assert found.rows("SELECT * FROM case_file", {}) == []
            assert version_names(found) == {}
        with pytest.raises(NoSuchLog), ledger_of(session, uuid4()):
            pass


def test_a_log_is_looked_into_only_once_its_columns_are_known(
    factory: sessionmaker[Session],
) -> None:
    with factory.begin() as session:
        log = keeping.receive(session, io.BytesIO(COMPLETIONS.encode()), "talks.csv", by=None).id
    with factory() as session, pytest.raises(NoSuchLog), ledger_of(session, log):
        pass


def test_a_new_mapping_is_seen_at_once(factory: sessionmaker[Session]) -> None:
    log = brought(factory, COMPLETIONS, "talks.csv")
    with factory() as session, ledger_of(session, log) as found:
        assert len(found.rows("SELECT * FROM person", {})) == 2
    with factory.begin() as session:
        row = session.get_one(EventLog, log)
        proposed = Reading.of(row.mapping)
        columns = {key: at for key, at in proposed.columns.items() if key != "resource"}
        keeping.confirm(session, log, Reading(columns, proposed.time), round_the_clock=False)
    with factory() as session, ledger_of(session, log) as found:
        assert found.rows("SELECT * FROM person", {}) == []


def test_a_log_that_is_thrown_away_is_gone(factory: sessionmaker[Session]) -> None:
    log = brought(factory, COMPLETIONS, "talks.csv")
    with factory.begin() as session:
        keeping.throw_away(session, log, by=None)
        keeping.throw_away(session, log, by=None)
    with factory() as session:
        assert keeping.logs(session) == []
        with pytest.raises(NoSuchLog), ledger_of(session, log):
            pass


def test_logs_stay_out_of_backups(factory: sessionmaker[Session], tmp_path: Path) -> None:
    brought(factory, COMPLETIONS, "talks.csv")
    taken = back_up(factory.kw["bind"], tmp_path / "copy.backup")
    rows = {table.name: table.rows for table in taken.tables}
    assert (rows["event_log"], rows["log_export"], rows["log_export_piece"]) == (0, 0, 0)
    assert rows["audit_entry"] == 1


def test_times_beyond_the_calendar_are_counted_round_the_clock_only(
    factory: sessionmaker[Session],
) -> None:
    text = "case,activity,time\n1,Call,1999-11-02 10:00\n1,Call,1999-11-03 10:00\n"
    with pytest.raises(MappingRefused, match="round the clock"):
        brought(factory, text, "old.csv")
    log = brought(factory, text, "old.csv", round_the_clock=True)
    with factory() as session, ledger_of(session, log) as found:
        assert steps(found, "done_s - created_s") == [(0.0,), (24 * HOUR,)]


def test_logs_that_are_gone_or_large_do_not_stay_in_memory(
    factory: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(log: UUID) -> set[UUID]:
        with factory() as session, ledger_of(session, log):
            return {key[0] for key in scratch._kept}

    first, second, third = (brought(factory, COMPLETIONS, "talks.csv") for _each in range(3))
    look(first)
    assert look(second) >= {first, second}
    with factory.begin() as session:
        keeping.throw_away(session, first, by=None)
    assert look(third) & {first, second, third} == {second, third}
    monkeypatch.setattr(scratch, "KEPT_STEPS", 9)
    fourth = brought(factory, COMPLETIONS, "talks.csv")
    assert look(fourth) == {fourth}
