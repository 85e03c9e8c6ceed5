"""A brokerage furnished with a share of the sample's history."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from broker_crm import settings
from broker_crm.composition import compose
from broker_crm.db import connect, sessions
from broker_crm.definitions.publish import publish_folder
from broker_crm.integrity import broken
from broker_crm.sample import seed
from broker_crm.settings import Settings

ROOT = Path(__file__).parents[2]
TODAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
SHARE = 0.012


def loaded_settings(folder: Path) -> Settings:
    """Settings of a brokerage in a folder."""
    return settings.load(
        {
            "BROKER_CRM_DATA_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder / 'sample.sqlite3'}",
            "BROKER_CRM_DEMO": "1",
        }
    )


def furnish(template: Path, folder: Path, share: float = SHARE) -> str:
    """Publish and seed into a copy of a migrated database.

    Returns:
        The database's address.
    """
    folder.mkdir()
    shutil.copyfile(template, folder / "sample.sqlite3")
    loaded = loaded_settings(folder)
    compose()
    engine = connect(loaded.database_url)
    factory = sessions(engine)
    with factory.begin() as session:
        publish_folder(session, ROOT)
    assert seed(factory, loaded, today=TODAY, share=share)
    assert not seed(factory, loaded, today=TODAY)
    with factory() as session:
        assert broken(session) == []
    engine.dispose()
    return loaded.database_url


if __name__ == "__main__":
    import sys

    furnish(Path(sys.argv[1]), Path(sys.argv[2]))
