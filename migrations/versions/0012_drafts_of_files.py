"""Designers' drafts, and what was last taken from the product's folder

Revision: 0012, after 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import broker_crm.db

revision = "0012"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draft_file",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("base_hash", sa.String(length=64), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=60), nullable=True),
        sa.Column("created_at", broker_crm.db.UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=60), nullable=True),
        sa.Column("changed_at", broker_crm.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["user_account.login"],
            name=op.f("fk_draft_file_created_by_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["changed_by"],
            ["user_account.login"],
            name=op.f("fk_draft_file_changed_by_user_account"),
        ),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_draft_file")),
    )
    op.create_table(
        "folder_file",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_folder_file")),
    )
