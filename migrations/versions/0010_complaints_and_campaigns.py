"""Complaints keep their whole clock, the bank's decision and the cause's step; campaigns keep their
waves, letters that came back, and how far a list was made

Revision: 0010, after 0007
"""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

import broker_crm.db

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None

COMPLAINT = (
    sa.Column("breached_at", broker_crm.db.UtcDateTime(), nullable=True),
    sa.Column("promised_answer_on", sa.Date(), nullable=True),
    sa.Column("forwarded_to", sa.String(length=200), nullable=True),
    sa.Column("answer_text", sa.Text(), nullable=True),
    sa.Column("remedy_text", sa.String(length=500), nullable=True),
    sa.Column("remedy_owner", sa.String(length=60), nullable=True),
    sa.Column("bank_received_on", sa.Date(), nullable=True),
    sa.Column("bank_deadline", sa.Date(), nullable=True),
    sa.Column("bank_outcome", sa.String(length=20), nullable=True),
    sa.Column("bank_decided_on", sa.Date(), nullable=True),
    sa.Column("cause_version_id", sa.Integer(), nullable=True),
    sa.Column("action_done_at", broker_crm.db.UtcDateTime(), nullable=True),
)
CAMPAIGN = (
    sa.Column("calls_per_day", sa.Integer(), nullable=True),
    sa.Column("wave", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("listed_up_to", sa.Integer(), nullable=True),
)
RECIPIENT = (
    sa.Column("wave", sa.Integer(), nullable=True),
    sa.Column("bounced_at", broker_crm.db.UtcDateTime(), nullable=True),
    sa.Column("sale_at", broker_crm.db.UtcDateTime(), nullable=True),
)


def upgrade() -> None:
    with op.batch_alter_table("complaint") as table:
        for column in COMPLAINT:
            table.add_column(column)
        table.add_column(sa.Column("search_text", sa.Text(), nullable=False, server_default=""))
        table.create_foreign_key(
            op.f("fk_complaint_cause_version_id_process_version"),
            "process_version",
            ["cause_version_id"],
            ["id"],
        )
        table.create_foreign_key(
            op.f("fk_complaint_remedy_owner_user_account"),
            "user_account",
            ["remedy_owner"],
            ["login"],
        )
        table.create_index(op.f("ix_complaint_employee"), ["employee"])
    _fill_search_text()
    with op.batch_alter_table("campaign") as table:
        for column in CAMPAIGN:
            table.add_column(column)
    with op.batch_alter_table("campaign_recipient") as table:
        for column in RECIPIENT:
            table.add_column(column)
        table.create_index(
            op.f("ix_campaign_recipient_campaign_id_started_at"), ["campaign_id", "started_at"]
        )
        table.create_index(
            op.f("ix_campaign_recipient_campaign_id_wave"), ["campaign_id", "wave", "variant"]
        )
        table.create_index(op.f("ix_campaign_recipient_instance_id"), ["instance_id"], unique=True)


def _fill_search_text() -> None:
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("SELECT id, register_number, complainant, description FROM complaint")
    ).all()
    for identifier, *texts in rows:
        decomposed = unicodedata.normalize("NFKD", " ".join(map(str, texts)).casefold())
        plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
        connection.execute(
            sa.text("UPDATE complaint SET search_text = :text WHERE id = :id"),
            {"text": plain, "id": identifier},
        )
