"""The furnished product for measurements and pictures, without the tests' servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import settings
from broker_crm.composition import compose
from broker_crm.db import connect, sessions
from broker_crm.definitions.publish import publish_folder
from broker_crm.sample import seed
from broker_crm.schema import upgrade
from broker_crm.settings import Settings
from broker_crm.web import create_app

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Furnished:
    app: Flask
    settings: Settings
    factory: sessionmaker[Session]


@contextmanager
def furnished(folder: Path, *, share: float = 0.0) -> Iterator[Furnished]:
    """The product on a SQLite file of its own: processes, people, clients and demo logins.

    Args:
        folder: for the database and all files.
        share: of the sample's past; 0 for none.
    """
    loaded = settings.load(
        {
            "BROKER_CRM_DATA_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder / 'office.sqlite3'}",
            "BROKER_CRM_DEMO": "1",
        }
    )
    upgrade(loaded.database_url)
    engine = connect(loaded.database_url)
    factory = sessions(engine)
    compose()
    with factory.begin() as session:
        publish_folder(session, ROOT)
    seed(factory, loaded, history=share > 0, share=share or 1.0)
    yield Furnished(create_app(loaded), loaded, factory)
    engine.dispose()
