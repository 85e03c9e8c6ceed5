"""Insurers get contact points, commission agreements and former names; products their documents;
names and contract numbers are searched for without diacritics

Revision: 0015, after 0014
"""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

import broker_crm.db

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CHUNK = 1_000


def upgrade() -> None:
    for column in (
        sa.Column("kind", sa.String(length=20), nullable=False, server_default="company"),
        sa.Column("website", sa.String(length=200), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False, server_default=""),
    ):
        op.add_column("insurer", column)
    op.execute("UPDATE insurer SET kind = 'branch' WHERE lower(licence) LIKE '%filial%'")
    op.add_column(
        "product", sa.Column("target_market", sa.Text(), nullable=False, server_default="")
    )
    _add_search("insurer", "search_name", 120, ("name",))
    _add_search("product", "search_name", 250, ("name", "name_en"))
    _add_search("contract", "search_number", 60, ("number",), spaces=False)
    op.create_table(
        "insurer_former_name",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("insurer_id", sa.Integer(), nullable=False),
        _names("insurer_former_name", "insurer_id", "insurer"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_insurer_former_name")),
    )
    op.create_index(
        op.f("ix_insurer_former_name_insurer_id"), "insurer_former_name", ["insurer_id"]
    )
    op.create_table(
        "insurer_contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("insurer_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        _names("insurer_contact", "insurer_id", "insurer"),
        _names("insurer_contact", "product_id", "product"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insurer_contact")),
    )
    op.create_index(op.f("ix_insurer_contact_insurer_id"), "insurer_contact", ["insurer_id"])
    op.create_table(
        "commission_agreement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("insurer_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("percent", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("created_by", sa.String(length=60), nullable=True),
        sa.Column("created_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        _names("commission_agreement", "insurer_id", "insurer"),
        _names("commission_agreement", "product_id", "product"),
        _names("commission_agreement", "created_by", "user_account", "login"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_agreement")),
    )
    op.create_index(
        op.f("ix_commission_agreement_insurer_id_product_id"),
        "commission_agreement",
        ["insurer_id", "product_id"],
    )
    op.create_table(
        "product_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("insurer_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        _names("product_document", "product_id", "product"),
        _names("product_document", "insurer_id", "insurer"),
        _names("product_document", "document_id", "document"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_document")),
    )
    op.create_index(op.f("ix_product_document_product_id"), "product_document", ["product_id"])


def _names(table: str, column: str, other: str, key: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.{key}"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def _add_search(
    table: str, column: str, length: int, sources: tuple[str, ...], *, spaces: bool = True
) -> None:
    """A column that holds the sources as they are searched for, filled for what is there."""
    text = sa.String(length=length)
    op.add_column(table, sa.Column(column, text, nullable=False, server_default=""))
    rows = sa.table(table, sa.column("id"), sa.column(column), *map(sa.column, sources))
    connection = op.get_bind()
    fill = sa.update(rows).where(rows.c.id == sa.bindparam("which"))
    fill = fill.values({column: sa.bindparam("found")})
    found = connection.execute(sa.select(rows.c.id, *(rows.c[name] for name in sources))).all()
    filled = [
        {"which": row[0], "found": _plain(" ".join(filter(None, row[1:])), spaces)[:length]}
        for row in found
    ]
    for start in range(0, len(filled), CHUNK):
        connection.execute(fill, filled[start : start + CHUNK])


def _plain(text: str, spaces: bool) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return letters if spaces else "".join(letters.split())
