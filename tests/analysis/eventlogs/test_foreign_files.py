"""Foreign files are read whatever office made them, within bounds, and faults are named by line."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.analysis.eventlogs import keeping
from broker_crm.analysis.eventlogs.fields import Reading
from broker_crm.analysis.eventlogs.keeping import Limits, MappingRefused
from broker_crm.analysis.eventlogs.models import EventLog
from broker_crm.analysis.eventlogs.scratch import ledger_of, version_names
from broker_crm.analysis.eventlogs.staging import LogRefused
from broker_crm.db import connect, sessions
from tests.conftest import MONDAY

HEAD = "case,activity,timestamp\n"
ROW = "1,Call,2026-11-16T10:00:00Z\n"
EVENT = (
    '<event><string key="concept:name" value="Call"/>'
    '<date key="time:timestamp" value="2026-11-16T10:00:00Z"/></event>'
)
BOMB = """<?xml version="1.0"?>
<!DOCTYPE log [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<log><trace><string key="concept:name" value="&b;"/></trace></log>
"""
SECRET = """<?xml version="1.0"?>
<!DOCTYPE log [<!ENTITY file SYSTEM "file://{}">]>
<log><trace><string key="concept:name" value="1">&file;</string></trace></log>
"""


@pytest.fixture
def factory(sqlite_url: str, simulated: clock.SimulatedClock) -> Iterator[sessionmaker[Session]]:
    """Sessions on an empty database; what is read does not depend on which."""
    engine = connect(sqlite_url)
    yield sessions(engine)
    engine.dispose()


def receive(
    factory: sessionmaker[Session],
    content: str | bytes,
    file_name: str = "log.csv",
    limits: Limits = keeping.BY_PAGE,
) -> EventLog:
    given = content.encode() if isinstance(content, str) else content
    with factory.begin() as session:
        return keeping.receive(session, io.BytesIO(given), file_name, by=None, limits=limits)


def read(factory: sessionmaker[Session], log: EventLog, *, skip: bool = False) -> UUID:
    proposed = Reading.of(log.mapping)
    reading = Reading(proposed.columns, proposed.time, skip)
    with factory.begin() as session:
        keeping.confirm(session, log.id, reading, round_the_clock=False)
    return log.id


def refusal(factory: sessionmaker[Session], content: str | bytes, **told: Limits) -> LogRefused:
    with pytest.raises(LogRefused) as refused:
        receive(factory, content, **told)
    with factory() as session:
        assert keeping.logs(session) == []
    return refused.value


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        ("", "empty", None),
        ("  \n \n", "empty", None),
        (HEAD, "noRows", None),
        ("<log></log>", "noRows", None),
        ("<html><body/></html>", "notXes", 1),
        ("\n<bpmn:definitions xmlns:bpmn='x'/>", "notXes", 2),
        (f"<log>\n<trace>\n{EVENT}\n</log>", "notXml", 4),
        (f"<log><trace>{EVENT}", "notXml", 1),
        (BOMB, "doctype", None),
        (HEAD + ROW + "2,Call\n", "cells", 3),
        (HEAD + ROW + "2,Call,x,y,z\n", "cells", 3),
        (HEAD + ROW + '2,"Call,2026\n', "longCell", 3),
        ("case,activity,case\n1,Call,2\n", "sameColumn", 1),
        (HEAD.encode() + b"1,\x81\x83\x88,2026-11-16\n", "notText", 2),
        (b"\x1f\x8b\x08\x00broken", "notGzip", None),
        (gzip.compress(ROW.encode() * 500, mtime=0)[:-20], "notGzip", None),
    ],
)
def test_what_is_no_log_is_refused_with_its_line(
    factory: sessionmaker[Session], content: str | bytes, code: str, line: int | None
) -> None:
    found = refusal(factory, content)
    assert (found.code, found.line) == (code, line)
    assert (f"Line {line}: " in str(found)) == (line is not None)


def test_a_doctype_far_down_or_in_another_encoding_is_refused(
    factory: sessionmaker[Session], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    told = SECRET.format(secret)
    padded = told.replace("?>", "?>" + " " * 100_000, 1)
    wide = told.replace('version="1.0"', 'version="1.0" encoding="utf-16"').encode("utf-16")
    for content in (told, padded, wide):
        assert refusal(factory, content).code == "doctype"


def test_nesting_without_end_is_refused(factory: sessionmaker[Session]) -> None:
    deep = '<string key="a" value="b">' * 5000
    assert refusal(factory, f"<log><trace>{deep}").code in ("tooDeep", "notXml")


def test_bounds_hold_on_what_comes_out_of_a_packed_file(factory: sessionmaker[Session]) -> None:
    packed = gzip.compress((HEAD + ROW * 200_000).encode())
    assert len(packed) < 50_000
    found = refusal(factory, packed, limits=Limits(1_000_000, 10_000_000))
    assert found.code == "tooBig" and "1 MB" in str(found)
    found = refusal(factory, packed, limits=Limits(100_000_000, 1000))
    assert (found.code, found.line) == ("tooManyRows", 1002)


def test_columns_have_a_bound(factory: sessionmaker[Session]) -> None:
    wide = ",".join(f"c{number}" for number in range(400))
    assert refusal(factory, f"{wide}\n{wide}\n").code == "tooManyColumns"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1257"])
def test_offices_write_csv_in_many_ways(
    factory: sessionmaker[Session], delimiter: str, encoding: str
) -> None:
    rows = [
        ("Byla", "Veikla", "Laikas", "Darbuotojas"),
        ("1", "Skambutis, ilgas; labai", "2026-11-16 10:00", "Žąsytė"),
        ("1", 'Raštas "dėl" |', "2026-11-17 10:00", "Ąžuolas"),
    ]
    quoted = ['"' + cell.replace('"', '""') + '"' for row in rows for cell in row]
    lines = [delimiter.join(quoted[place : place + 4]) for place in range(0, len(quoted), 4)]
    log = receive(factory, "\r\n".join(lines).encode(encoding))
    with factory() as session, ledger_of(session, read(factory, log)) as found:
        steps = found.rows("SELECT step, person FROM task ORDER BY done_s", {})
    assert [tuple(each.values()) for each in steps] == [
        ("Skambutis, ilgas; labai", "Žąsytė"),
        ('Raštas "dėl" |', "Ąžuolas"),
    ]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-23 10:00", "iso"),
        ("2026-11-23T10:00:00+02:00", "iso"),
        ("2026-11-23 08:00:00 +0000", "iso"),
        ("2026/11/23 10:00:00", "iso"),
        ("2026-11-23T08:00:00.123Z", "iso"),
        ("23.11.2026 10:00", "%d.%m.%Y %H:%M"),
        ("23/11/2026 10:00:00", "%d/%m/%Y %H:%M:%S"),
        ("11/23/2026 10:00:00 AM", "%m/%d/%Y %I:%M:%S %p"),
        ("11/23/2026 10:00", "%m/%d/%Y %H:%M"),
        ("2026.11.23 10:00", "%Y.%m.%d %H:%M"),
        ("20261123100000", "%Y%m%d%H%M%S"),
        ("1795420800", "seconds"),
        ("1795420800000", "milliseconds"),
    ],
)
def test_the_way_of_writing_times_is_found_out(
    factory: sessionmaker[Session], written: str, expected: str
) -> None:
    log = receive(factory, f"case,activity,timestamp\n1,Call,{written}\n")
    assert Reading.of(log.mapping).time == expected
    with factory() as session, ledger_of(session, read(factory, log)) as found:
        assert found.now.replace(microsecond=0) == MONDAY


def test_a_day_that_only_one_order_allows_tells_the_order(factory: sessionmaker[Session]) -> None:
    rows = "".join(f"1,Call,{day:02}/11/2026 10:00\n" for day in (2, 3, 23))
    assert Reading.of(receive(factory, HEAD + rows).mapping).time == "%d/%m/%Y %H:%M"
    rows = "".join(f"1,Call,11/{day:02}/2026 10:00\n" for day in (2, 3, 23))
    assert Reading.of(receive(factory, HEAD + rows).mapping).time == "%m/%d/%Y %H:%M"


def test_rows_that_cannot_be_read_are_named_by_line_and_left_out_only_on_request(
    factory: sessionmaker[Session],
) -> None:
    rows = [
        "2,Call,16 November",
        ",Call,2026-11-16T10:00:00Z",
        "3,,2026-11-16T10:00:00Z",
        "4,Call,",
    ]
    log = receive(factory, HEAD + ROW + "".join(f"{row}\n" for row in rows) + ROW)
    with pytest.raises(MappingRefused) as refused:
        read(factory, log)
    assert refused.value.found is not None
    told = [(each.line, each.field, each.value) for each in refused.value.found.problems]
    assert told == [
        (3, "complete", "16 November"),
        (4, "case", ""),
        (5, "activity", ""),
        (6, "complete", ""),
    ]
    assert "line 3: complete: “16 November”" in str(refused.value)
    with factory() as session, ledger_of(session, read(factory, log, skip=True)) as found:
        assert found.row("SELECT count(*) AS n FROM task", {}) == {"n": 2}


def test_a_step_that_ends_before_it_begins_is_named(factory: sessionmaker[Session]) -> None:
    log = receive(
        factory,
        "case,activity,start,end\n1,Call,2026-11-16T10:00:00Z,2026-11-16T09:00:00Z\n",
    )
    with pytest.raises(MappingRefused, match="line 2: order") as refused:
        read(factory, log)
    assert refused.value.code == "faulty"


def test_a_required_column_that_is_not_told_is_named(factory: sessionmaker[Session]) -> None:
    log = receive(factory, "x,y,z\n1,2,3\n")
    assert log.mapping["columns"] == {}
    with pytest.raises(MappingRefused, match="case, activity, complete"):
        read(factory, log)


def test_cells_over_several_lines_and_empty_lines_keep_the_line_numbers(
    factory: sessionmaker[Session],
) -> None:
    log = receive(factory, HEAD + '1,"Call\nagain",2026-11-16T10:00:00Z\n\n\n2,Call,never\n')
    with pytest.raises(MappingRefused, match="line 6: complete: “never”"):
        read(factory, log)


def test_a_line_for_spreadsheets_before_the_heading_is_passed_over(
    factory: sessionmaker[Session],
) -> None:
    log = receive(factory, "sep=;\ncase;activity;timestamp\n1;Call;2026-11-16\n")
    assert [each["name"] for each in log.columns] == ["case", "activity", "timestamp"]


def test_steps_of_one_name_are_paired_in_their_order(factory: sessionmaker[Session]) -> None:
    changes = [
        ("09:00", "start"),
        ("09:30", "start"),
        ("10:00", "complete"),
        ("11:00", "COMPLETE"),
        ("11:30", "start"),
    ]
    rows = "".join(f"1,Call,2026-11-16 {at},{what}\n" for at, what in changes)
    log = receive(factory, f"case,activity,time,lifecycle:transition\n{rows}")
    with factory() as session, ledger_of(session, read(factory, log)) as found:
        told = found.rows(
            "SELECT status, (done_s - started_s) / 60 AS minutes, loop FROM task"
            " ORDER BY started_s",
            {},
        )
    assert [tuple(each.values()) for each in told] == [
        ("completed", 60.0, 1),
        ("completed", 90.0, 2),
        ("open", None, 3),
    ]


def test_of_several_like_steps_the_instance_tells_which(factory: sessionmaker[Session]) -> None:
    changes = [("09:00", "start", "a"), ("09:30", "start", "b"), ("10:00", "complete", "b")]
    changes.append(("12:00", "complete", "a"))
    rows = "".join(f"1,Call,2026-11-16 {at},{what},{which}\n" for at, what, which in changes)
    log = receive(factory, f"case,activity,time,lifecycle,concept:instance\n{rows}")
    with factory() as session, ledger_of(session, read(factory, log)) as found:
        told = found.rows("SELECT (done_s - started_s) / 60 AS minutes FROM task ORDER BY 1", {})
    assert [each["minutes"] for each in told] == [30.0, 180.0]


def test_xes_in_one_line_is_read_event_by_event(factory: sessionmaker[Session]) -> None:
    trace = f"<trace>{EVENT}{EVENT}</trace>"
    with factory() as session:
        log = receive(factory, f"<log>{trace}{trace}</log>")
        with ledger_of(session, read(factory, log)) as found:
            assert found.row("SELECT count(*) AS n FROM task", {}) == {"n": 4}
            assert found.row("SELECT count(*) AS n FROM case_file", {}) == {"n": 2}


def test_names_of_columns_and_values_never_become_commands(factory: sessionmaker[Session]) -> None:
    nasty = "x'); DROP TABLE event; --"
    log = receive(factory, f'case,activity,time,"{nasty}"\n1,"{nasty}",2026-11-16,"{nasty}"\n')
    with factory() as session, ledger_of(session, read(factory, log)) as found:
        assert found.rows("SELECT step FROM task", {}) == [{"step": nasty}]
        with pytest.raises(Exception, match="disabled"):
            found.rows("SELECT * FROM read_csv('/etc/passwd')", {})


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (f"{HEAD}{ROW}".encode("utf-16") + b"x", "notText"),
        ("a;" * 20_000 + "\n", "tooManyColumns"),
        (f"{HEAD}{'x' * 5_000_000}\n", "longCell"),
        (f"<log>{'<a/>' * 1_100_000}<trace>{EVENT}</trace></log>", "tooDeep"),
        (f"<log><trace>{f'{EVENT}<a/>' * 4_000}</trace></log>", "tooDeep"),
    ],
    ids=["half a letter", "a wide heading", "an endless line", "no events", "many parts"],
)
def test_files_that_would_fill_the_memory_are_refused(
    factory: sessionmaker[Session], content: str | bytes, code: str
) -> None:
    with pytest.raises(LogRefused) as refused:
        receive(factory, content)
    assert refused.value.code == code


def test_what_a_trace_tells_after_its_events_is_read_too(factory: sessionmaker[Session]) -> None:
    late = '<string key="concept:name" value="A"/><string key="variant" value="new"/>'
    log = receive(factory, f"<log><x/><trace>{EVENT}{EVENT}{late}</trace><y/></log>")
    with factory() as session, ledger_of(session, read(factory, log)) as found:
        assert version_names(found) == {1: "new"}
        assert found.row("SELECT count(*) AS n FROM task", {}) == {"n": 2}


@pytest.mark.parametrize("at", ["infinity", "0044-03-15 (BC)", "294000-01-01", "9999-12-31 23:59"])
def test_times_that_nobody_can_have_meant_are_named(
    factory: sessionmaker[Session], at: str
) -> None:
    log = receive(factory, f"{HEAD}{ROW}1,Call,{at}\n")
    with pytest.raises(MappingRefused, match="line 3: complete"):
        read(factory, log)


def test_a_due_day_may_mean_never_and_a_number_nothing(factory: sessionmaker[Session]) -> None:
    log = receive(
        factory,
        "case,activity,time,due,minutes,std days\n1,Call,2026-11-16,9999-12-31,inf,nan\n",
    )
    with factory() as session, ledger_of(session, read(factory, log)) as found:
        told = found.row("SELECT due_on, minutes, std_days FROM task", {})
    assert tuple(told.values()) == (date(9999, 12, 31), None, None)
