"""Terms say more, offer lines keep each deviation, policies their covers, records are searched

Revision: 0006, after 0005
"""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

import broker_crm.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(precision=12, scale=2)
PERCENT = sa.Numeric(precision=6, scale=3)
CHUNK = 1_000


def upgrade() -> None:
    op.add_column("insurer", sa.Column("licence", sa.String(length=120), nullable=True))
    op.add_column("insurer", sa.Column("email", sa.String(length=200), nullable=True))
    op.add_column("insurer", sa.Column("phone", sa.String(length=40), nullable=True))
    for column in (
        sa.Column("instalments", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("term_months", sa.Integer(), nullable=False, server_default="12"),
        sa.Column("covers", sa.String(length=300), nullable=False, server_default=""),
        sa.Column("sum_insured_limit", MONEY, nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False, server_default=""),
        sa.Column(
            "created_by",
            sa.String(length=60),
            sa.ForeignKey("user_account.login", name="fk_standard_terms_created_by_user_account"),
            nullable=True,
        ),
        sa.Column("created_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
    ):
        op.add_column("standard_terms", column, inline_references=True)
    op.add_column(
        "offer", sa.Column("deviation_reason", sa.Text(), nullable=False, server_default="")
    )
    op.execute("UPDATE offer SET deviation_reason = corrections, corrections = ''")
    op.add_column("offer_line", sa.Column("other_premium_effect", MONEY, nullable=True))
    op.add_column("offer_line", sa.Column("other_commission_effect", MONEY, nullable=True))
    op.create_table(
        "offer_deviation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("cover", sa.String(length=60), nullable=False),
        sa.Column("standard", MONEY, nullable=False),
        sa.Column("offered", MONEY, nullable=False),
        sa.Column("difference", MONEY, nullable=False),
        sa.Column("price_percent", PERCENT, nullable=True),
        sa.Column("premium_effect", MONEY, nullable=False),
        sa.Column("commission_effect", MONEY, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"], ["offer_line.id"], name=op.f("fk_offer_deviation_line_id_offer_line")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_deviation")),
        sa.UniqueConstraint(
            "line_id", "kind", "cover", name=op.f("uq_offer_deviation_line_id_kind_cover")
        ),
    )
    op.create_table(
        "policy_cover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("cover", sa.String(length=60), nullable=False),
        sa.Column("sum_insured", MONEY, nullable=True),
        sa.Column("deductible", MONEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policy.id"], name=op.f("fk_policy_cover_policy_id_policy")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_cover")),
        sa.UniqueConstraint("policy_id", "cover", name=op.f("uq_policy_cover_policy_id_cover")),
    )
    _add_search("policy", "search_number", 60, ("number",))
    _add_search("insured_object", "search_text", 300, ("name", "plate", "vin"))


def _add_search(table: str, column: str, length: int, sources: tuple[str, ...]) -> None:
    """A column that holds the sources as they are searched for, filled for what is there."""
    text = sa.String(length=length)
    op.add_column(table, sa.Column(column, text, nullable=False, server_default=""))
    rows = sa.table(table, sa.column("id"), sa.column(column), *map(sa.column, sources))
    connection = op.get_bind()
    fill = sa.update(rows).where(rows.c.id == sa.bindparam("which"))
    fill = fill.values({column: sa.bindparam("found")})
    found = connection.execute(sa.select(rows.c.id, *(rows.c[name] for name in sources))).all()
    filled = [
        {"which": row[0], "found": " ".join(_searchable(text) for text in row[1:] if text)}
        for row in found
    ]
    for start in range(0, len(filled), CHUNK):
        connection.execute(fill, filled[start : start + CHUNK])


def _searchable(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return "".join(letters.split())
