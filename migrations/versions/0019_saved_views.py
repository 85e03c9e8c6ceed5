"""Cases are found by the words typed at their steps; filters of lists are saved under a name

Revision: 0019, after 0018
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

import broker_crm.db

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

CHUNK = 500
MOST = 8_000
MARKS = "„“”\"'’`.,;:!?()[]{}<>…–-"
INDEXES = (
    ("process_instance", ("owner", "started_at")),
    ("process_instance", ("started_at",)),
    ("process_instance", ("ended_at",)),
    ("process_instance", ("product_id",)),
    ("user_task", ("step", "status")),
    ("user_task", ("completed_by",)),
)


def upgrade() -> None:
    op.add_column(
        "process_instance", sa.Column("search_text", sa.Text(), nullable=False, server_default="")
    )
    _fill()
    for table, columns in INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("owner", sa.String(length=60), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("changed_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner"], ["user_account.login"], name=op.f("fk_saved_view_owner_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("owner", "page", "name", name=op.f("uq_saved_view_owner_page_name")),
    )
    op.create_index(op.f("ix_saved_view_page_scope"), "saved_view", ["page", "scope"])


def _fill() -> None:
    """Words of what was typed and written before, some cases at a time."""
    connection = op.get_bind()
    cases = sa.table("process_instance", sa.column("id", sa.Uuid()), sa.column("search_text"))
    events = sa.table(
        "process_event",
        sa.column("instance_id", sa.Uuid()),
        sa.column("kind"),
        sa.column("value", sa.JSON()),
    )
    letters = sa.table("letter", sa.column("instance_id", sa.Uuid()), sa.column("subject"))
    keep = sa.update(cases).where(cases.c.id == sa.bindparam("which"))
    keep = keep.values(search_text=sa.bindparam("found"))
    ids = list(connection.scalars(sa.select(cases.c.id).order_by(cases.c.id)))
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        told: dict[Any, list[Any]] = defaultdict(list)
        for table, column, wanted in (
            (events, events.c.value, events.c.kind == "task-completed"),
            (letters, letters.c.subject, sa.true()),
        ):
            found = sa.select(table.c.instance_id, column).where(
                table.c.instance_id.in_(some), wanted
            )
            for instance_id, value in connection.execute(found):
                told[instance_id].append(value)
        rows = [{"which": key, "found": _words(values)} for key, values in told.items()]
        if rows:
            connection.execute(keep, rows)


def _words(value: Any) -> str:
    words: dict[str, None] = {}
    for text in _texts(value):
        decomposed = unicodedata.normalize("NFKD", text.casefold())
        letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
        words.update((word, None) for each in letters.split() if len(word := each.strip(MARKS)) > 1)
    return "".join(f" {word}" for word in words)[:MOST]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def downgrade() -> None:
    op.drop_table("saved_view")
    for table, columns in reversed(INDEXES):
        op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table_name=table)
    op.drop_column("process_instance", "search_text")
