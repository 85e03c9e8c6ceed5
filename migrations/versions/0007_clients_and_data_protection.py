"""Merging of clients, ended contact persons, requests of persons, retention periods, audit trail

Revision: 0007, after 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import broker_crm.db
from broker_crm.crm.likeness import company_name
from broker_crm.process.plain_text import sort_key

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CONFIRM = "Patikrinkite su teisininku."
PERIODS = (
    ("contract", 10, "contract-end", True, f"Ieškinio senatis, CK 1.125 str. {CONFIRM}"),
    ("kyc", 8, "relationship-end", True, f"Pinigų plovimo prevencijos įstatymas. {CONFIRM}"),
    ("complaint", 3, "closing", True, f"Lietuvos banko skundų nagrinėjimo taisyklės. {CONFIRM}"),
    ("claim", 10, "closing", True, f"Ieškinio senatis, CK 1.125 str. {CONFIRM}"),
    ("unsuccessful-offer", 3, "case-end", False, "Bendrovės teisėtas interesas."),
    ("consent", 3, "withdrawal", False, "Sutikimo įrodymas galimam ginčui."),
    ("client", 3, "last-contact", False, "Bendrovės teisėtas interesas."),
)


def _user(name: str, table: str) -> sa.Column[str]:
    key = sa.ForeignKey("user_account.login", name=f"fk_{table}_{name}_user_account")
    return sa.Column(name, sa.String(length=60), key, nullable=True)


def upgrade() -> None:
    moment = broker_crm.db.UtcDateTime()
    for column in (
        sa.Column("match_name", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("sort_name", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("restricted_at", moment, nullable=True),
        sa.Column("restricted_reason", sa.String(length=300), nullable=True),
    ):
        op.add_column("client", column)
    client = sa.table(
        "client",
        sa.column("id"),
        sa.column("name"),
        sa.column("match_name"),
        sa.column("sort_name"),
    )
    connection = op.get_bind()
    for client_id, name in connection.execute(sa.select(client.c.id, client.c.name)).all():
        connection.execute(
            client.update()
            .where(client.c.id == client_id)
            .values(match_name=company_name(name)[:200], sort_name=sort_key(name))
        )
    for name in ("match_name", "sort_name", "email", "phone", "vat_code"):
        op.create_index(op.f(f"ix_client_{name}"), "client", [name], unique=False)
    op.add_column("contact_person", sa.Column("ended_at", moment, nullable=True))
    document = sa.ForeignKey("document.id", name="fk_consent_document_id_document")
    op.add_column(
        "consent",
        sa.Column("document_id", sa.Uuid(), document, nullable=True),
        inline_references=True,
    )
    op.add_column("consent", sa.Column("withdrawn_evidence", sa.String(length=300), nullable=True))
    op.add_column("consent", _user("withdrawn_by", "consent"), inline_references=True)
    op.add_column(
        "retention_period",
        sa.Column("by_law", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("retention_period", sa.Column("changed_at", moment, nullable=True))
    op.add_column(
        "retention_period", _user("changed_by", "retention_period"), inline_references=True
    )
    op.create_table(
        "client_distinction",
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["first_id"], ["client.id"], name=op.f("fk_client_distinction_first_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["second_id"], ["client.id"], name=op.f("fk_client_distinction_second_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["by"], ["user_account.login"], name=op.f("fk_client_distinction_by_user_account")
        ),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_client_distinction")),
    )
    op.create_index(
        op.f("ix_client_distinction_second_id"), "client_distinction", ["second_id"], unique=False
    )
    op.create_table(
        "data_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("requester", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("identified_by", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("extended_reason", sa.String(length=500), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("registered_at", moment, nullable=False),
        sa.Column("registered_by", sa.String(length=60), nullable=False),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("decided_by", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_data_request_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["registered_by"],
            ["user_account.login"],
            name=op.f("fk_data_request_registered_by_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"],
            ["user_account.login"],
            name=op.f("fk_data_request_decided_by_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_request")),
    )
    op.create_index(op.f("ix_data_request_client_id"), "data_request", ["client_id"], unique=False)
    op.create_index(
        op.f("ix_data_request_state_due_on"), "data_request", ["state", "due_on"], unique=False
    )
    op.create_table(
        "erasure_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("record_key", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("retention_class", sa.String(length=40), nullable=False),
        sa.Column("over_on", sa.Date(), nullable=False),
        sa.Column("proposed_at", moment, nullable=False),
        sa.Column("decision", sa.String(length=20), nullable=True),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("decided_by", sa.String(length=60), nullable=True),
        sa.Column("keep_until", sa.Date(), nullable=True),
        sa.Column("keep_reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_erasure_proposal_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"],
            ["user_account.login"],
            name=op.f("fk_erasure_proposal_decided_by_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_proposal")),
        sa.UniqueConstraint("kind", "record_key", name=op.f("uq_erasure_proposal_kind_record_key")),
    )
    op.create_index(
        op.f("ix_erasure_proposal_client_id"), "erasure_proposal", ["client_id"], unique=False
    )
    op.create_index(
        op.f("ix_erasure_proposal_decision_keep_until"),
        "erasure_proposal",
        ["decision", "keep_until"],
        unique=False,
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_audit_entry_client_id_client")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(
        op.f("ix_audit_entry_client_id_at"), "audit_entry", ["client_id", "at"], unique=False
    )
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"], unique=False)
    periods = sa.table(
        "retention_period",
        *(sa.column(name) for name in ("key", "years", "counted_from", "source")),
        sa.column("by_law", sa.Boolean()),
    )
    known = set(connection.scalars(sa.select(periods.c.key)))
    rows = [
        {"key": key, "years": years, "counted_from": start, "by_law": by_law, "source": source}
        for key, years, start, by_law, source in PERIODS
        if key not in known
    ]
    if rows:
        connection.execute(periods.insert(), rows)
