"""Tasks can be paused and keep their first due date; orders of those who steer are kept

Revision: 0017, after 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import broker_crm.db

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INSTANT = broker_crm.db.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.add_column("user_task", sa.Column("first_due_at", INSTANT, nullable=True))
    op.create_table(
        "task_pause",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("from_at", INSTANT, nullable=False),
        sa.Column("until_at", INSTANT, nullable=True),
        sa.Column("paused_by", sa.String(length=60), nullable=False),
        sa.Column("resumed_by", sa.String(length=60), nullable=True),
        _names("task_pause", "task_id", "user_task"),
        _names("task_pause", "instance_id", "process_instance"),
        _names("task_pause", "paused_by", "user_account", "login"),
        _names("task_pause", "resumed_by", "user_account", "login"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_pause")),
    )
    op.create_index(op.f("ix_task_pause_task_id"), "task_pause", ["task_id"])
    op.create_index(op.f("ix_task_pause_instance_id"), "task_pause", ["instance_id"])
    op.create_table(
        "steering_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("created_by", sa.String(length=60), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("undone_by", sa.String(length=60), nullable=True),
        sa.Column("undone_at", INSTANT, nullable=True),
        _names("steering_batch", "created_by", "user_account", "login"),
        _names("steering_batch", "undone_by", "user_account", "login"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_steering_batch")),
    )
    op.create_index(op.f("ix_steering_batch_created_at"), "steering_batch", ["created_at"])
    op.create_table(
        "steering_row",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.JSON(), nullable=True),
        _names("steering_row", "batch_id", "steering_batch"),
        _names("steering_row", "instance_id", "process_instance"),
        _names("steering_row", "event_id", "process_event"),
        sa.PrimaryKeyConstraint("batch_id", "place", name=op.f("pk_steering_row")),
    )
    op.create_index(op.f("ix_steering_row_instance_id"), "steering_row", ["instance_id"])


def _names(table: str, column: str, other: str, key: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.{key}"], name=op.f(f"fk_{table}_{column}_{other}")
    )
