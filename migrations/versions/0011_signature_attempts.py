"""Requests for signatures are tried again when their provider fails; clients come to meetings

Revision: 0011, after 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import broker_crm.db

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "signature_request",
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
    )
    op.add_column(
        "signature_request",
        sa.Column("next_attempt_at", broker_crm.db.UtcDateTime(), nullable=True),
    )
    op.add_column(
        "signature_request", sa.Column("last_error", sa.String(length=500), nullable=True)
    )
    op.add_column("meeting", sa.Column("invited_email", sa.String(length=200), nullable=True))
    op.add_column("meeting", sa.Column("reminded_sequence", sa.Integer(), nullable=True))
