"""Exported logs, read by readers of the standards' own, tell the same figures as the ledger."""

from __future__ import annotations

import io
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.analysis.eventlogs import exporting, keeping
from broker_crm.analysis.eventlogs.choosing import Chosen
from broker_crm.analysis.eventlogs.exporting import ExportRefused
from broker_crm.analysis.eventlogs.fields import Reading
from broker_crm.analysis.eventlogs.pseudonyms import Names
from broker_crm.analysis.eventlogs.scratch import ledger_of
from broker_crm.analysis.ledger import Ledger, ledger
from broker_crm.crm.models import Client, ContactPerson
from broker_crm.people.models import Role, User, UserRole
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import (
    PauseReason,
    ProcessEvent,
    ProcessInstance,
    TaskPause,
    UserTask,
)
from tests.analysis.eventlogs import readers
from tests.analysis.eventlogs.readers import Done
from tests.analysis.story import SALE, Story

KEY = "a key of thirty-two letters or so"
FILES = {
    "xes": "log.xes",
    "ocel-json": "log.json",
    "ocel-sqlite": "log.sqlite",
    "disco": "disco.csv",
    "celonis": "celonis.csv",
    "parquet": "parquet",
}
READ = {
    "xes": readers.xes,
    "ocel-json": readers.ocel_json,
    "ocel-sqlite": readers.ocel_sqlite,
    "disco": readers.disco,
    "celonis": readers.celonis,
    "parquet": readers.parquet,
}
OWN_WORDS = "Ponas Vardenis Pavardenis prašo skambinti +37061234567"


pytestmark = pytest.mark.damages


@dataclass
class Office:
    """A brokerage with a past."""

    factory: sessionmaker[Session]
    folder: Path

    def written(
        self, kind: str, *, masked: bool = False, chosen: Chosen | None = None, force: bool = False
    ) -> Path:
        format_ = {"disco": "csv", "celonis": "csv"}.get(kind, kind.partition("-")[0])
        target = self.folder / FILES[kind]
        with self.factory() as session:
            exporting.write(
                session,
                format_,
                target,
                chosen or Chosen(),
                Names(KEY if masked else None),
                columns=kind if format_ == "csv" else "disco",
                force=force,
            )
        return target


@pytest.fixture
def office(factory: sessionmaker[Session], tmp_path: Path) -> Iterator[Office]:
    with factory.begin() as session:
        Story(session, seed=7)
        first = session.scalars(
            select(UserTask).where(UserTask.status == "completed").order_by(UserTask.id)
        ).first()
        open_ = session.scalars(
            select(UserTask).where(UserTask.status == "open").order_by(UserTask.id)
        ).first()
        assert first is not None and open_ is not None and first.completed_by is not None
        first.reason = OWN_WORDS
        case = session.get_one(ProcessInstance, first.instance_id)
        case.title, case.reason = OWN_WORDS, OWN_WORDS
        assert first.completed_at is not None
        middle = first.created_at + (first.completed_at - first.created_at) / 2
        session.add(
            TaskPause(
                task_id=first.id,
                instance_id=first.instance_id,
                reason=PauseReason.WAITING_FOR_CLIENT,
                note=OWN_WORDS,
                from_at=middle,
                until_at=middle + timedelta(minutes=1),
                paused_by=first.completed_by,
                resumed_by=first.completed_by,
            )
        )
        open_.status, open_.completed_at = "cancelled", clock.now()
    folder = tmp_path / "files"
    folder.mkdir()
    yield Office(factory, folder)


def figures(done: Iterable[Done], session: Session) -> dict[str, object]:
    """Counts, office hours and lateness of completed steps, by the calendar's own functions."""
    calendar = company_calendar(session)
    told = list(done)
    return {
        "steps": Counter(each.activity for each in told),
        "cases": len({each.case for each in told}),
        "people": len({each.person for each in told}),
        "sojourn": sum(calendar.working_seconds(each.scheduled, each.done) for each in told),
        "work": sum(
            calendar.working_seconds(each.started, each.done) for each in told if each.started
        ),
        "late": sum(each.late_days or 0 for each in told),
    }


def by_ledger(found: Ledger) -> dict[str, object]:
    row = found.row(
        "SELECT count(DISTINCT case_no) AS cases, count(DISTINCT person) AS people,"
        " sum(floor(done_s) - floor(created_s)) AS sojourn,"
        " sum(floor(done_s) - floor(started_s)) AS work,"
        " sum(greatest(0, done_d - due_d)) AS late FROM task WHERE status = 'completed'",
        {},
    )
    steps = found.rows(
        "SELECT step, count(*) AS n FROM task WHERE status = 'completed' GROUP BY 1", {}
    )
    return {**row, "steps": Counter({each["step"]: each["n"] for each in steps})}


@pytest.mark.parametrize("kind", FILES)
def test_an_independent_reader_finds_the_figures_of_the_ledger(office: Office, kind: str) -> None:
    for masked in (False, True):
        file = office.written(kind, masked=masked, force=True)
        done = READ[kind](file)
        with office.factory() as session, ledger(session) as found:
            told, known = figures(done, session), by_ledger(found)
        assert told["steps"] == known["steps"]
        assert {key: told[key] for key in ("cases", "people", "late")} == {
            key: known[key] for key in ("cases", "people", "late")
        }
        n = len(done)
        assert told["sojourn"] == pytest.approx(known["sojourn"], abs=n)
        assert told["work"] == pytest.approx(known["work"], abs=n)


def test_xes_tells_the_whole_life_of_a_step(office: Office) -> None:
    document = office.written("xes")
    with office.factory() as session:
        count = select(func.count()).select_from(UserTask)
        tasks, done, begun = (
            session.scalar(count.where(condition)) or 0
            for condition in (
                UserTask.id.is_not(None),
                UserTask.status == "completed",
                UserTask.started_at.is_not(None),
            )
        )
        moved = session.scalar(
            select(func.count())
            .select_from(ProcessEvent)
            .where(ProcessEvent.kind == "task-reassigned")
        )
        cases = session.scalar(select(func.count()).select_from(ProcessInstance))
    text = document.read_text(encoding="utf-8")
    told = Counter(
        part.split('"')[0] for part in text.split('key="lifecycle:transition" value="')[2:]
    )
    assert told["schedule"] == tasks and told["complete"] == done and told["start"] == begun
    assert told["reassign"] == moved and moved
    assert (told["suspend"], told["resume"], told["ate_abort"]) == (1, 1, 1)
    assert readers.xes_cases(document) == cases


def test_ocel_in_sqlite_has_all_its_keys(office: Office) -> None:
    file = office.written("ocel-sqlite")
    with closing(sqlite3.connect(file)) as connection:

        def keys(table: str) -> set[str]:
            rows = connection.execute(f"SELECT name FROM pragma_table_info('{table}') WHERE pk > 0")
            return {name for (name,) in rows}

        def points(table: str) -> set[tuple[str, str, str]]:
            rows = connection.execute(
                f'SELECT "from", "table", "to" FROM pragma_foreign_key_list(\'{table}\')'
            )
            return set(rows)

        for side in ("event", "object"):
            assert keys(side) == {"ocel_id"}
            assert keys(f"{side}_map_type") == {"ocel_type"}
            assert points(side) == {("ocel_type", f"{side}_map_type", "ocel_type")}
        assert keys("event_object") == {"ocel_event_id", "ocel_object_id", "ocel_qualifier"}
        assert points("event_object") == {
            ("ocel_event_id", "event", "ocel_id"),
            ("ocel_object_id", "object", "ocel_id"),
        }
        assert keys("object_object") == {"ocel_source_id", "ocel_target_id", "ocel_qualifier"}
        maps = {
            side: dict(connection.execute(f"SELECT * FROM {side}_map_type"))
            for side in ("event", "object")
        }
        for table in maps["event"].values():
            assert keys(f"event_{table}") == {"ocel_id"}
            assert points(f"event_{table}") == {("ocel_id", "event", "ocel_id")}
        for table in maps["object"].values():
            assert points(f"object_{table}") == {("ocel_id", "object", "ocel_id")}
        told = dict(connection.execute("SELECT ocel_type, count(*) FROM object GROUP BY 1"))
        statuses = dict(
            connection.execute(
                "SELECT status, count(*) FROM object_offer"
                " WHERE ocel_changed_field = 'status' GROUP BY 1"
            )
        )
        unlike = connection.execute(
            "SELECT count(*) FROM event e LEFT JOIN event_object o ON o.ocel_event_id = e.ocel_id"
            " WHERE o.ocel_qualifier IS NULL"
        ).fetchone()
    assert {"case", "client", "salesperson", "offer"} <= set(told)
    assert statuses["draft"] == told["offer"] and unlike == (0,)


def test_the_two_forms_of_ocel_hold_the_same(office: Office) -> None:
    one, other = (READ[kind](office.written(kind)) for kind in ("ocel-json", "ocel-sqlite"))
    assert sorted(one, key=lambda each: each.step) == sorted(other, key=lambda each: each.step)


def test_rows_of_celonis_stand_in_the_order_of_completion(office: Office) -> None:
    rows = readers.table(office.written("celonis"))
    by_case: dict[str, list[tuple[int, str]]] = {}
    for row in rows:
        by_case.setdefault(row["CASE_KEY"], []).append((int(row["SORTING"]), row["EVENTTIME"]))
    for told in by_case.values():
        assert [place for place, _time in told] == list(range(1, len(told) + 1))
        moments = [readers.moment(text) for _place, text in told]
        assert moments == sorted(moments, key=lambda each: each.timestamp())  # type: ignore[union-attr]


def test_parquet_holds_every_event_of_the_history(office: Office) -> None:
    folder = office.written("parquet")
    with office.factory() as session, closing(duckdb.connect()) as connection:
        for file, table in (
            ("events", ProcessEvent),
            ("cases", ProcessInstance),
            ("steps", UserTask),
        ):
            known = session.scalar(select(func.count()).select_from(table))
            found = connection.execute(f"SELECT count(*) FROM '{folder}/{file}.parquet'").fetchone()
            assert found == (known,)


def private(session: Session) -> set[str]:
    """What must never be found: names, codes, addresses of clients and people, own words."""
    columns = (Client.name, Client.code, Client.email, Client.phone)
    found = {text for row in session.execute(select(*columns)) for text in row if text}
    people = (ContactPerson.surname, ContactPerson.email, ContactPerson.phone)
    found |= {text for row in session.execute(select(*people)) for text in row if text}
    found |= {text for text in session.scalars(select(User.name)) if text}
    users = (User.email, User.phone)
    found |= {text for row in session.execute(select(*users)) for text in row if text}
    found |= {text for text in session.scalars(select(ProcessInstance.title)) if text != "Byla"}
    born = session.scalars(select(Client.birth_date).where(Client.birth_date.is_not(None)))
    found |= {day.isoformat() for day in born}
    return {text for text in found if len(text) > 3} | {OWN_WORDS, "Vardenis", "+37061234567"}


@pytest.mark.parametrize("kind", FILES)
def test_a_masked_file_tells_of_nobody_who_it_is(office: Office, kind: str) -> None:
    told = readers.values(office.written(kind, masked=True))
    with office.factory() as session:
        secrets = private(session)
        ids = {each.hex for each in session.scalars(select(ProcessInstance.id))}
        ids |= {each.hex for each in session.scalars(select(UserTask.id))}
        selling = select(UserRole.login).where(UserRole.role == Role.SALESPERSON)
        logins = set(session.scalars(selling))
    assert len(secrets) > 50 and len(logins) > 3
    together = "\n".join(told).casefold()
    assert [each for each in secrets if each.casefold() in together] == []
    bare = together.replace("-", "")
    assert [each for each in ids if each in bare] == []
    assert not logins & told
    assert not {f"person-{login}" for login in logins} & told


@pytest.mark.parametrize("kind", FILES)
def test_a_file_with_names_still_holds_no_codes_addresses_or_own_words(
    office: Office, kind: str
) -> None:
    told = readers.values(office.written(kind))
    together = "\n".join(told).casefold()
    with office.factory() as session:
        names = set(session.scalars(select(Client.name)))
        users = set(session.scalars(select(User.name)))
        named = "\n".join(names | users)
        never = {each for each in private(session) if each not in named}
    assert [each for each in never if each.casefold() in together] == []
    assert names & told


def test_pseudonyms_are_the_same_under_one_key_and_others_under_another() -> None:
    one, same, other = Names(KEY), Names(KEY), Names("another key")
    assert one.person("ona") == same.person("ona") != other.person("ona")
    assert one.record("client", 1) != one.record("offer", 1) != one.record("offer", 2)
    assert one.person(None) is None and Names(None).person("ona") == "ona"


def test_only_the_chosen_cases_are_in_a_file(office: Office) -> None:
    with office.factory() as session:
        started = list(session.scalars(select(ProcessInstance.started_at)))
        calendar = company_calendar(session)
        days = sorted(calendar.local_day(each) for each in started)
    first, last = days[len(days) // 4], days[len(days) // 2]
    for chosen, expected in (
        (Chosen(SALE, first, last), sum(first <= day <= last for day in days)),
        (Chosen(SALE), len(days)),
        (Chosen("renewal"), 0),
        (Chosen(None, date(2030, 1, 1)), 0),
    ):
        assert readers.xes_cases(office.written("xes", chosen=chosen, force=True)) == expected


@pytest.mark.parametrize("kind", ["xes", "disco", "celonis"])
def test_what_was_exported_comes_back_as_the_same_ledger(office: Office, kind: str) -> None:
    content = office.written(kind).read_bytes()
    with office.factory.begin() as session:
        log = keeping.receive(session, io.BytesIO(content), "own", by=None)
        log_id = log.id
        keeping.confirm(session, log_id, Reading.of(log.mapping), round_the_clock=False)
    with office.factory() as session:
        with ledger_of(session, None) as own:
            known = by_ledger(own)
            cases = own.rows(
                "SELECT version, product, sector, region, outcome, count(*) AS n FROM case_file"
                " WHERE case_no IN (SELECT case_no FROM task WHERE status = 'completed')"
                " GROUP BY ALL ORDER BY ALL",
                {},
            )
        with ledger_of(session, log_id) as scratch:
            assert by_ledger(scratch) == known
            assert cases == scratch.rows(
                "SELECT version, product, sector, region, outcome, count(*) AS n FROM case_file"
                " WHERE case_no IN (SELECT case_no FROM task WHERE status = 'completed')"
                " GROUP BY ALL ORDER BY ALL",
                {},
            )


def test_a_file_that_is_there_is_not_overwritten(office: Office) -> None:
    file = office.folder / FILES["xes"]
    file.write_text("precious")
    with pytest.raises(ExportRefused, match="exists already"):
        office.written("xes")
    assert file.read_text() == "precious"
    office.written("xes", force=True)
    assert file.read_text(encoding="utf-8").startswith("<?xml")


def test_a_folder_with_other_files_is_not_replaced(office: Office) -> None:
    folder = office.written("parquet")
    office.written("parquet", force=True)
    (folder / "notes.txt").write_text("precious")
    with pytest.raises(ExportRefused, match=r"notes\.txt"):
        office.written("parquet", force=True)
    assert (folder / "notes.txt").read_text() == "precious"


@pytest.mark.parametrize("kind", FILES)
def test_an_export_that_breaks_off_leaves_nothing(
    office: Office, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = exporting.stories

    def broken(*given: object, **told: object) -> Iterator[object]:
        yield from whole(*given, **told)  # type: ignore[arg-type]
        raise RuntimeError("the power is gone")

    monkeypatch.setattr(exporting, "stories", broken)
    with pytest.raises(RuntimeError):
        office.written(kind)
    assert list(office.folder.iterdir()) == []


def test_a_name_of_another_format_is_refused(office: Office) -> None:
    with office.factory() as session, pytest.raises(ExportRefused, match=r"\.xes"):
        exporting.write(session, "xes", office.folder / "log.csv", Chosen(), Names(None))
