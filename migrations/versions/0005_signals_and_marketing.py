"""Opportunities are sent once, letters know their purpose, complaint terms are a decision table

Revision: 0005, after 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import broker_crm.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("opportunity", sa.Column("sent_at", broker_crm.db.UtcDateTime(), nullable=True))
    op.add_column("letter", sa.Column("purpose", sa.String(length=20), nullable=True))
    op.drop_table("complaint_terms")
