"""People are told when a figure passes a bound, and get a report by the week

Revision: 0020, after 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import broker_crm.db

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = broker_crm.db.UtcDateTime(timezone=True)
    op.create_table(
        "figure_limit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=60), nullable=False),
        sa.Column("question", sa.String(length=4), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(length=40), nullable=False),
        sa.Column("comparison", sa.String(length=10), nullable=False),
        sa.Column("bound", sa.Double(), nullable=False),
        sa.Column("least_n", sa.Integer(), nullable=False),
        sa.Column("crossed_at", moment, nullable=True),
        sa.Column("last_checked_at", moment, nullable=True),
        sa.Column("last_value", sa.Double(), nullable=True),
        sa.Column("last_n", sa.Integer(), nullable=True),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner"], ["user_account.login"], name=op.f("fk_figure_limit_owner_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_limit")),
    )
    for column in ("owner", "last_checked_at"):
        op.create_index(op.f(f"ix_figure_limit_{column}"), "figure_limit", [column])
    op.create_table(
        "report_subscription",
        sa.Column("owner", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("sent_for", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner"],
            ["user_account.login"],
            name=op.f("fk_report_subscription_owner_user_account"),
        ),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_report_subscription")),
    )


def downgrade() -> None:
    op.drop_table("report_subscription")
    op.drop_table("figure_limit")
