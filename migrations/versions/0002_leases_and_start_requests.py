"""Leases of due work, requests to start

Revision: 0002, after 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import broker_crm.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "start_request",
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_start_request_instance_id_process_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["login"], ["user_account.login"], name=op.f("fk_start_request_login_user_account")
        ),
        sa.PrimaryKeyConstraint("login", "key", name=op.f("pk_start_request")),
    )
    with op.batch_alter_table("pending_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("subscription_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("instance_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(
            sa.Column("not_before", broker_crm.db.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(
            sa.Column("lease_until", broker_crm.db.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(
            sa.Column("parked", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.create_index(
            batch_op.f("ix_pending_message_created_at"), ["created_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_pending_message_instance_id"), ["instance_id"], unique=False
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_pending_message_instance_id_process_instance"),
            "process_instance",
            ["instance_id"],
            ["id"],
        )

    with op.batch_alter_table("timer", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("not_before", broker_crm.db.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(
            sa.Column("lease_until", broker_crm.db.UtcDateTime(timezone=True), nullable=True)
        )


def downgrade() -> None:
    with op.batch_alter_table("timer", schema=None) as batch_op:
        batch_op.drop_column("lease_until")
        batch_op.drop_column("not_before")

    with op.batch_alter_table("pending_message", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_pending_message_instance_id_process_instance"), type_="foreignkey"
        )
        batch_op.drop_index(batch_op.f("ix_pending_message_instance_id"))
        batch_op.drop_index(batch_op.f("ix_pending_message_created_at"))
        batch_op.drop_column("parked")
        batch_op.drop_column("lease_until")
        batch_op.drop_column("not_before")
        batch_op.drop_column("attempts")
        batch_op.drop_column("instance_id")
        batch_op.drop_column("subscription_id")

    op.drop_table("start_request")
