"""Two versions of a process or of a text run in parallel as an experiment

Revision: 0022, after 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import broker_crm.db

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = broker_crm.db.UtcDateTime(timezone=True)
    in_force = sa.text("state IN ('running', 'paused', 'stopped')")
    op.create_table(
        "experiment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("process_key", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("hypothesis", sa.String(length=1000), nullable=False),
        sa.Column("compared", sa.String(length=20), nullable=False),
        sa.Column("template_key", sa.String(length=200), nullable=True),
        sa.Column("version_a_id", sa.Integer(), nullable=False),
        sa.Column("version_b_id", sa.Integer(), nullable=False),
        sa.Column("share_b", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("balanced", sa.Boolean(), nullable=False),
        sa.Column("measure", sa.String(length=30), nullable=False),
        sa.Column("step", sa.String(length=120), nullable=True),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("smallest_difference", sa.Double(), nullable=False),
        sa.Column("base_mean", sa.Double(), nullable=False),
        sa.Column("base_spread", sa.Double(), nullable=False),
        sa.Column("base_cases", sa.Integer(), nullable=False),
        sa.Column("arrivals_per_day", sa.Double(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("harm_stop", sa.Boolean(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("stop_reason", sa.String(length=20), nullable=True),
        sa.Column("decision", sa.String(length=20), nullable=True),
        sa.Column("decision_note", sa.String(length=1000), nullable=False),
        sa.Column("decided_version_id", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.String(length=60), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("started_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["user_account.login"],
            name=op.f("fk_experiment_created_by_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_version_id"],
            ["process_version.id"],
            name=op.f("fk_experiment_decided_version_id_process_version"),
        ),
        sa.ForeignKeyConstraint(
            ["version_a_id"],
            ["process_version.id"],
            name=op.f("fk_experiment_version_a_id_process_version"),
        ),
        sa.ForeignKeyConstraint(
            ["version_b_id"],
            ["process_version.id"],
            name=op.f("fk_experiment_version_b_id_process_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiment")),
    )
    op.create_index(
        op.f("ix_experiment_process_key_state"),
        "experiment",
        ["process_key", "state"],
        unique=False,
    )
    op.create_index(
        "uq_experiment_in_force",
        "experiment",
        ["process_key"],
        unique=True,
        sqlite_where=in_force,
        postgresql_where=in_force,
    )

    op.create_table(
        "experiment_assignment",
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("experiment_id", sa.Uuid(), nullable=False),
        sa.Column("arm", sa.String(length=1), nullable=False),
        sa.Column("unit_key", sa.String(length=80), nullable=False),
        sa.Column("stratum", sa.String(length=120), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiment.id"],
            name=op.f("fk_experiment_assignment_experiment_id_experiment"),
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_experiment_assignment_instance_id_process_instance"),
        ),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_experiment_assignment")),
    )
    op.create_index(
        op.f("ix_experiment_assignment_experiment_id_at"),
        "experiment_assignment",
        ["experiment_id", "at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_experiment_assignment_experiment_id_stratum"),
        "experiment_assignment",
        ["experiment_id", "stratum"],
        unique=False,
    )
    op.create_index(
        op.f("ix_experiment_assignment_experiment_id_unit_key"),
        "experiment_assignment",
        ["experiment_id", "unit_key"],
        unique=False,
    )

    op.create_table(
        "experiment_event",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("experiment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=True),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor"], ["user_account.login"], name=op.f("fk_experiment_event_actor_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiment.id"],
            name=op.f("fk_experiment_event_experiment_id_experiment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiment_event")),
    )
    op.create_index(
        op.f("ix_experiment_event_experiment_id_id"),
        "experiment_event",
        ["experiment_id", "id"],
        unique=False,
    )

    op.create_table(
        "experiment_look",
        sa.Column("experiment_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("n_a", sa.Integer(), nullable=False),
        sa.Column("n_b", sa.Integer(), nullable=False),
        sa.Column("mean_a", sa.Double(), nullable=True),
        sa.Column("mean_b", sa.Double(), nullable=True),
        sa.Column("difference", sa.Double(), nullable=True),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("z", sa.Double(), nullable=True),
        sa.Column("bound", sa.Double(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("is_last", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiment.id"],
            name=op.f("fk_experiment_look_experiment_id_experiment"),
        ),
        sa.PrimaryKeyConstraint("experiment_id", "number", name=op.f("pk_experiment_look")),
    )


def downgrade() -> None:
    for table in ("experiment_look", "experiment_event", "experiment_assignment", "experiment"):
        op.drop_table(table)
