"""What has to be true of the database before web and worker start."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from broker_crm.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session, sessionmaker

ROOT = Path(__file__).resolve().parent.parent
PREPARING = 7203190
"""Number of the lock in PostgreSQL."""
SMALL = 0.15
"""Share of the sample's past that a small one has."""
SAMPLES = {
    "full": "two years of a brokerage; this takes minutes (BROKER_CRM_SAMPLE=small is quicker)",
    "small": "a seventh of two years of a brokerage",
    "none": "people, products and clients",
}


def prepare(settings: Settings) -> None:
    """Migrate, publish what has changed in the folder, and load sample data into an empty demo.

    Hosts that prepare the same database at once do it one after the other.

    Raises:
        SchemaTooNew: this release does not know the database's revision.
        DiagramRejected: a diagram can't be published, or a scenario is not kept.
    """
    from broker_crm.composition import compose
    from broker_crm.db import connect, sessions
    from broker_crm.schema import upgrade

    compose()
    settings.make_data_dir()
    engine = connect(settings.database_url)
    try:
        with one_at_a_time(engine):
            upgrade(settings.database_url)
            _fill(sessions(engine), settings)
    finally:
        engine.dispose()


def _fill(factory: sessionmaker[Session], settings: Settings) -> None:
    """Publish and seed; in an empty database nothing is in force that scenarios would guard."""
    from broker_crm import clock
    from broker_crm.definitions.published import latest_versions
    from broker_crm.definitions.workspace.folder import take_folder
    from broker_crm.sample import present_in_use_since, publish_earlier, seed
    from broker_crm.scenarios import gate, storing

    with factory() as session:
        in_force = bool(latest_versions(session))
    with factory() as session:
        trials = gate.of_folder(session, ROOT) if in_force else None
    warnings = gate.passed(trials) if trials else []
    sample = settings.demo and _is_empty(factory)
    present = clock.now()
    with ExitStack() as times, factory.begin() as session:
        if sample:
            publish_earlier(session, present)
            times.enter_context(clock.use(present_in_use_since(present)))
        taken = take_folder(session, ROOT)
        warnings += storing.take_in(session, ROOT)
    for version in taken.published:
        click.echo(f"Published {version.name}, version {version.number}.")
    for place in taken.drafted:
        click.echo(f"{place} was changed in the folder and in the workshop; it is a draft there.")
    for warning in warnings:
        click.echo(str(warning))
    if sample:
        click.echo(f"Loading sample data: {SAMPLES[settings.sample]} …")
        seed(
            factory,
            settings,
            history=settings.sample != "none",
            share=SMALL if settings.sample == "small" else 1.0,
            today=present,
            progress=_progress(),
        )
        click.echo("Sample data is loaded.")


def _progress(every: int = 250) -> Callable[[int], None]:
    told = 0

    def tell(done: int) -> None:
        nonlocal told
        if done - told >= every:
            told = done
            click.echo(f"  {done} cases and steps …")

    return tell


@contextmanager
def one_at_a_time(engine: Engine) -> Iterator[None]:
    """Wait until nobody else prepares this database; on SQLite, nobody else on this machine."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({PREPARING})")
            try:
                yield
            finally:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({PREPARING})")
        return
    file = Path(f"{engine.url.database}.preparing")
    if not file.parent.is_dir():
        yield
        return
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_empty(factory: sessionmaker[Session]) -> bool:
    from sqlalchemy import select

    from broker_crm.crm.models import Client

    with factory() as session:
        return session.scalar(select(Client.id).limit(1)) is None


def sample_logins(settings: Settings) -> Iterator[str]:
    """Lines that tell how to sign in to the demo; none outside it."""
    if settings.demo:
        from broker_crm.people.demo import LOGINS, PASSWORD

        yield f"Sign in as {', '.join(LOGINS)} — password: {PASSWORD}"
