"""Cases keep the client's VIP mark and region and the product's class as they were at the start

Revision: 0018, after 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("vip", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("region", sa.String(length=60), nullable=False, server_default=""),
        sa.Column("complexity", sa.String(length=10), nullable=False, server_default=""),
    ):
        op.add_column("process_instance", column)
    case = sa.table(
        "process_instance",
        *map(sa.column, ("client_id", "product_id", "vip", "region", "complexity")),
    )
    client = sa.table("client", *map(sa.column, ("id", "vip", "region")))
    product = sa.table("product", *map(sa.column, ("id", "complexity")))
    of_client = client.c.id == case.c.client_id
    of_product = product.c.id == case.c.product_id
    op.execute(
        sa.update(case)
        .where(case.c.client_id.is_not(None))
        .values(
            vip=sa.select(client.c.vip).where(of_client).scalar_subquery(),
            region=sa.func.coalesce(
                sa.select(client.c.region).where(of_client).scalar_subquery(), ""
            ),
        )
    )
    op.execute(
        sa.update(case)
        .where(case.c.product_id.is_not(None))
        .values(complexity=sa.select(product.c.complexity).where(of_product).scalar_subquery())
    )
