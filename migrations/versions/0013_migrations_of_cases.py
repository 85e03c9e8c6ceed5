"""Running cases are moved to another version: rehearsed, chosen, moved, taken back

Revision: 0013, after 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import broker_crm.db

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "migration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("process_key", sa.String(length=120), nullable=False),
        sa.Column("from_version_id", sa.Integer(), nullable=False),
        sa.Column("to_version_id", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("created_by", sa.String(length=60), nullable=False),
        sa.Column("created_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ordered_by", sa.String(length=60), nullable=True),
        sa.Column("ordered_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["user_account.login"],
            name=op.f("fk_migration_created_by_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["from_version_id"],
            ["process_version.id"],
            name=op.f("fk_migration_from_version_id_process_version"),
        ),
        sa.ForeignKeyConstraint(
            ["ordered_by"],
            ["user_account.login"],
            name=op.f("fk_migration_ordered_by_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["to_version_id"],
            ["process_version.id"],
            name=op.f("fk_migration_to_version_id_process_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_migration")),
    )
    with op.batch_alter_table("migration", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_migration_phase"), ["phase"], unique=False)

    op.create_table(
        "migration_item",
        sa.Column("migration_id", sa.Uuid(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.JSON(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=True),
        sa.Column("done_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_migration_item_instance_id_process_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["migration_id"],
            ["migration.id"],
            name=op.f("fk_migration_item_migration_id_migration"),
        ),
        sa.PrimaryKeyConstraint("migration_id", "instance_id", name=op.f("pk_migration_item")),
    )
    with op.batch_alter_table("migration_item", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_migration_item_migration_id_state"),
            ["migration_id", "state"],
            unique=False,
        )
