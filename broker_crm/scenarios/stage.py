"""The stage: a brokerage in a temporary file, furnished for one trial and thrown away after it.

Nothing here knows the product's own database, mail or settings.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, settings
from broker_crm.composition import compose
from broker_crm.db import connect, sessions
from broker_crm.definitions.bundle import Bundle
from broker_crm.definitions.publish import publish_bundle
from broker_crm.process.calendars import company_calendar, keep_calendar, seed_calendar
from broker_crm.sample.catalogue import add_catalogue
from broker_crm.sample.staff import add_staff
from broker_crm.schema import METADATA
from broker_crm.settings import Settings

OPENED = datetime(2019, 1, 7, 8, tzinfo=UTC)
"""When the furnished brokerage came to be: before any scenario."""
STATEMENTS: dict[Any, Any] = {}
"""Statements compiled once for all stages of this process."""
FURNISHED = 6
"""Furnished templates that a process keeps, the latest used."""


@dataclass(frozen=True)
class Stage:
    """A brokerage with people, insurers, products and processes, and a clock of its own."""

    factory: sessionmaker[Session]
    settings: Settings
    clock: clock.SimulatedClock


@contextmanager
def opened(bundles: Sequence[Bundle], begins: datetime) -> Iterator[Stage]:
    """A stage on which these processes are published; gone when the block ends.

    Args:
        bundles: what to publish.
        begins: naive, local time of the office.
    """
    template = _template(tuple(sorted(bundles, key=lambda bundle: bundle.process_key)))
    with tempfile.TemporaryDirectory(prefix="broker-crm-trial-") as folder:
        file = Path(folder) / "stage.sqlite3"
        shutil.copyfile(template.file, file)
        engine = _connect(file)
        factory = sessions(engine)
        try:
            with factory() as session:
                keep_calendar(session, template.calendar)
            time = clock.SimulatedClock(begins.replace(tzinfo=template.calendar.zone))
            with clock.use_here(time):
                yield Stage(factory, _settings(Path(folder), file), time)
        finally:
            engine.dispose()


class _Template:
    """A furnished file; its folder goes with the last reference."""

    def __init__(self, bundles: Sequence[Bundle]) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="broker-crm-stage-")
        self.file = Path(self.folder.name) / "template.sqlite3"
        engine = _connect(self.file)
        try:
            _furnish(engine, bundles)
            with sessions(engine)() as session:
                self.calendar = company_calendar(session)
        finally:
            engine.dispose()


class _Content(tuple[Bundle, ...]):
    """Bundles that are the same when their content is."""

    def __hash__(self) -> int:
        return hash(tuple(bundle.content_hash for bundle in self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and [b.content_hash for b in self] == [
            b.content_hash for b in other
        ]


def _template(bundles: tuple[Bundle, ...]) -> _Template:
    return _furnished(_Content(bundles))


@lru_cache(FURNISHED)
def _furnished(bundles: _Content) -> _Template:
    return _Template(bundles)


def _furnish(engine: Engine, bundles: Sequence[Bundle]) -> None:
    compose()
    METADATA.create_all(engine)
    with sessions(engine).begin() as session, clock.use_here(clock.SimulatedClock(OPENED)):
        seed_calendar(session)
        add_staff(session, "", date(OPENED.year, 1, 1))
        add_catalogue(session, OPENED.date())
        for bundle in bundles:
            publish_bundle(session, bundle, None, "")


def _connect(file: Path) -> Engine:
    """A file that need not outlive a power cut: nothing waits for the disk."""
    engine = connect(f"sqlite:///{file}")
    event.listen(engine, "connect", _in_haste)
    return engine.execution_options(compiled_cache=STATEMENTS)


def _in_haste(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=MEMORY")
    connection.execute("PRAGMA synchronous=OFF")


def _settings(folder: Path, file: Path) -> Settings:
    """Settings of the stage alone: no mail server, whatever the environment says."""
    return settings.load(
        {
            "BROKER_CRM_DATA_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{file}",
            "BROKER_CRM_DEMO": "1",
        }
    )
