"""An offer knows the link of its letter, and when the client opened it

Revision: 0016, after 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import broker_crm.db

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("offer", sa.Column("link_hash", sa.String(length=64), nullable=True))
    op.add_column("offer", sa.Column("letter_id", sa.Uuid(), nullable=True))
    op.add_column(
        "offer",
        sa.Column("opened_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
    )
    op.create_index(op.f("ix_offer_link_hash"), "offer", ["link_hash"], unique=True)
