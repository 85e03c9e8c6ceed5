"""Simulations are kept: who asked, what for, what came of it

Revision: 0021, after 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import broker_crm.db

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = broker_crm.db.UtcDateTime(timezone=True)
    op.create_table(
        "simulation_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("owner", sa.String(length=60), nullable=True),
        sa.Column("process_key", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("begun_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("lease_until", moment, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner"], ["user_account.login"], name=op.f("fk_simulation_run_owner_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_simulation_run")),
    )
    op.create_index(op.f("ix_simulation_run_status"), "simulation_run", ["status"])
    op.create_index(
        op.f("ix_simulation_run_process_key_kind"), "simulation_run", ["process_key", "kind"]
    )


def downgrade() -> None:
    op.drop_table("simulation_run")
