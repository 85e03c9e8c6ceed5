"""What has to be true of the database before web and worker start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from broker_crm.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

ROOT = Path(__file__).resolve().parent.parent


def prepare(settings: Settings) -> None:
    """Migrate, publish what has changed in `bpmn/`, and load sample data into an empty demo."""
    from broker_crm.composition import compose
    from broker_crm.db import connect, sessions
    from broker_crm.definitions.publish import publish_folder
    from broker_crm.sample.seeding import seed
    from broker_crm.schema import upgrade

    compose()
    settings.make_data_dir()
    upgrade(settings.database_url)
    engine = connect(settings.database_url)
    factory = sessions(engine)
    with factory.begin() as session:
        for version in publish_folder(session, ROOT):
            click.echo(f"Published {version.name}, version {version.number}.")
    if settings.demo and _is_empty(factory):
        click.echo(
            "Loading sample data: half a year of sales, lived through by the engine (a minute) …"
        )
        seed(factory, settings)
    engine.dispose()


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
