"""SQLite is for one machine: a second host on the same file is refused before it can spoil it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from broker_crm import heartbeat
from broker_crm.db import sessions

FRESH = timedelta(seconds=45)
"""A worker that swept within this time is taken to be alive; it sweeps every ten seconds."""
MOUNTS = Path("/proc/self/mounts")
NETWORK_FILES = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "lustre", "gfs2", "ocfs2", "afs"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone"}
)


class SecondMachine(Exception):
    """The SQLite database is, or may be, used by another machine too."""


def require_one_machine(engine: Engine) -> None:
    """Refuse an SQLite file on a network file system, or one that another host works on.

    Raises:
        SecondMachine: with what to do.
    """
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return
    kind = _file_system(Path(engine.url.database).absolute())
    if kind in NETWORK_FILES:
        raise SecondMachine(
            f"The SQLite database lies on a network file system ({kind}), where its locks do not "
            "hold. Put BROKER_CRM_DATA_DIR on a local disk, or set DATABASE_URL to PostgreSQL."
        )
    own = heartbeat.host()
    with sessions(engine)() as session:
        session.connection(execution_options={"read_only": True})
        for worker in heartbeat.workers(session):
            if worker.host not in ("", own) and worker.seconds_ago < FRESH.total_seconds():
                raise SecondMachine(
                    f"A worker on the host {worker.host} used this SQLite database "
                    f"{worker.seconds_ago} seconds ago. SQLite is for one machine: stop that one "
                    "and wait a minute, or set DATABASE_URL to a PostgreSQL on all hosts."
                )


def _file_system(path: Path) -> str | None:
    """The kind of the file system that holds the path; None where it can't be told."""
    try:
        lines = MOUNTS.read_text().splitlines()
    except OSError:
        return None
    mounts = [(line.split()[1].replace("\\040", " "), line.split()[2]) for line in lines]
    holding = [(len(point), kind) for point, kind in mounts if path.is_relative_to(point)]
    return max(reversed(holding), key=lambda each: each[0])[1] if holding else None
