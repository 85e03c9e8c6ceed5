"""What the database itself can tell: its pages and its foreign keys."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from broker_crm.integrity.invariant import holds

MOST_TOLD = 100


@holds("The database file is whole")
def file_is_whole(session: Session) -> Iterator[tuple[str, str]]:
    """SQLite looks through its pages and indexes; PostgreSQL guards its own by checksums."""
    if session.get_bind().dialect.name == "sqlite":
        for (found,) in session.execute(text(f"PRAGMA integrity_check({MOST_TOLD})")):
            if found != "ok":
                yield "file", found


@holds("A row that another row names is there")
def foreign_keys_hold(session: Session) -> Iterator[tuple[str, str]]:
    """SQLite looks at every key; PostgreSQL enforces them, so only switched-off ones are told."""
    if session.get_bind().dialect.name == "sqlite":
        for table, row, parent, _key in session.execute(text("PRAGMA foreign_key_check")):
            yield f"{table} row {row}", f"the row of {parent} that it names is missing"
        return
    loose = text(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint"
        " WHERE contype = 'f' AND NOT convalidated"
        " AND connamespace = current_schema()::regnamespace"
    )
    for table, name in session.execute(loose):
        yield str(table), f"the constraint {name} is not validated"
    disabled = text(
        "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger"
        " JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE tgisinternal AND tgenabled = 'D'"
        " AND relnamespace = current_schema()::regnamespace"
    )
    for (table,) in session.execute(disabled):
        yield str(table), "its foreign keys are switched off"


INVARIANTS = (file_is_whole, foreign_keys_hold)
