"""Foreign event logs can be brought in and looked into; own ones are ordered as files

Revision: 0021, after 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import broker_crm.db

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=True),
        sa.Column("at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("round_the_clock", sa.Boolean(), nullable=False),
        sa.Column("read", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["by"], ["user_account.login"], name=op.f("fk_event_log_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_log")),
    )
    op.create_table(
        "log_export",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("form", sa.String(length=20), nullable=False),
        sa.Column("process", sa.String(length=120), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("masked", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("made_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["by"], ["user_account.login"], name=op.f("fk_log_export_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_export")),
    )
    for column in ("by", "state"):
        op.create_index(op.f(f"ix_log_export_{column}"), "log_export", [column])
    op.create_table(
        "log_export_piece",
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"],
            ["log_export.id"],
            name=op.f("fk_log_export_piece_export_id_log_export"),
        ),
        sa.PrimaryKeyConstraint("export_id", "number", name=op.f("pk_log_export_piece")),
    )


def downgrade() -> None:
    op.drop_table("log_export_piece")
    op.drop_table("log_export")
    op.drop_table("event_log")
