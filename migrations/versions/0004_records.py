"""Records of the brokerage: policies, offers, contracts, complaints, campaigns, documents, imports

Revision: 0004, after 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import broker_crm.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "client_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_group")),
    )
    op.create_table(
        "complaint_terms",
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("acknowledge_days", sa.Integer(), nullable=False),
        sa.Column("internal_answer_days", sa.Integer(), nullable=False),
        sa.Column("delay_letter_days", sa.Integer(), nullable=False),
        sa.Column("answer_days", sa.Integer(), nullable=False),
        sa.Column("extended_answer_days", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("valid_from", name=op.f("pk_complaint_terms")),
    )
    op.create_table(
        "retention_period",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("counted_from", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_retention_period")),
    )
    op.create_table(
        "calendar_feed",
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["login"], ["user_account.login"], name=op.f("fk_calendar_feed_login_user_account")
        ),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feed_token_hash")),
    )
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("encoding", sa.String(length=20), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("start_process", sa.String(length=120), nullable=True),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("imported_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("undone_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(
            ["by"], ["user_account.login"], name=op.f("fk_import_batch_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["undone_by"],
            ["user_account.login"],
            name=op.f("fk_import_batch_undone_by_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    op.create_table(
        "client_merge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("merged_id", sa.Integer(), nullable=False),
        sa.Column("at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("undone_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(
            ["by"], ["user_account.login"], name=op.f("fk_client_merge_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["kept_id"], ["client.id"], name=op.f("fk_client_merge_kept_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["merged_id"], ["client.id"], name=op.f("fk_client_merge_merged_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["undone_by"],
            ["user_account.login"],
            name=op.f("fk_client_merge_undone_by_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_merge")),
    )
    op.create_index(op.f("ix_client_merge_kept_id"), "client_merge", ["kept_id"], unique=False)
    op.create_index(op.f("ix_client_merge_merged_id"), "client_merge", ["merged_id"], unique=False)
    op.create_table(
        "insured_object",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("plate", sa.String(length=20), nullable=True),
        sa.Column("vin", sa.String(length=20), nullable=True),
        sa.Column("built_year", sa.Integer(), nullable=True),
        sa.Column("value", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_insured_object_client_id_client")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insured_object")),
    )
    op.create_index(
        op.f("ix_insured_object_client_id"), "insured_object", ["client_id"], unique=False
    )
    op.create_table(
        "campaign",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("goal", sa.String(length=500), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("segment", sa.JSON(), nullable=False),
        sa.Column("letter_a", sa.String(length=120), nullable=False),
        sa.Column("letter_b", sa.String(length=120), nullable=True),
        sa.Column("hold_out_percent", sa.Integer(), nullable=False),
        sa.Column("wave_size", sa.Integer(), nullable=False),
        sa.Column("stop_percent", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("budget", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("material_cost", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("owner", sa.String(length=60), nullable=True),
        sa.Column("instance_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("frozen_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("next_wave_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("stopped_reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_campaign_instance_id_process_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["owner"], ["user_account.login"], name=op.f("fk_campaign_owner_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_campaign_product_id_product")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("instance_id", name=op.f("uq_campaign_instance_id")),
    )
    op.create_index(op.f("ix_campaign_next_wave_at"), "campaign", ["next_wave_at"], unique=False)
    op.create_table(
        "dated_lead",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("insurer_name", sa.String(length=120), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=True),
        sa.Column("taken_up_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_dated_lead_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_dated_lead_instance_id_process_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_dated_lead_product_id_product")
        ),
        sa.ForeignKeyConstraint(
            ["taken_up_by"],
            ["process_instance.id"],
            name=op.f("fk_dated_lead_taken_up_by_process_instance"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dated_lead")),
    )
    op.create_index(op.f("ix_dated_lead_client_id"), "dated_lead", ["client_id"], unique=False)
    op.create_table(
        "import_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_import_row_batch_id_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_import_row_instance_id_process_instance"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
        sa.UniqueConstraint(
            "batch_id", "row_number", name=op.f("uq_import_row_batch_id_row_number")
        ),
    )
    op.create_table(
        "meeting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("instance_id", sa.Uuid(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("organiser", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("starts_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("created_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_meeting_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_meeting_instance_id_process_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["organiser"], ["user_account.login"], name=op.f("fk_meeting_organiser_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
    )
    op.create_index(op.f("ix_meeting_client_id"), "meeting", ["client_id"], unique=False)
    op.create_index(op.f("ix_meeting_instance_id"), "meeting", ["instance_id"], unique=False)
    op.create_index(
        op.f("ix_meeting_organiser_starts_at"), "meeting", ["organiser", "starts_at"], unique=False
    )
    op.create_table(
        "needs_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("instance_id", sa.Uuid(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("confirmed_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("confirmed_how", sa.String(length=120), nullable=True),
        sa.Column("recorded_by", sa.String(length=60), nullable=True),
        sa.Column("recorded_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_needs_record_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_needs_record_instance_id_process_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_needs_record_product_id_product")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["user_account.login"],
            name=op.f("fk_needs_record_recorded_by_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_needs_record")),
        sa.UniqueConstraint("task_id", name=op.f("uq_needs_record_task_id")),
    )
    op.create_index(op.f("ix_needs_record_client_id"), "needs_record", ["client_id"], unique=False)
    op.create_index(
        op.f("ix_needs_record_instance_id"), "needs_record", ["instance_id"], unique=False
    )
    op.create_table(
        "offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("corrections", sa.Text(), nullable=False),
        sa.Column("prepared_by", sa.String(length=60), nullable=True),
        sa.Column("prepared_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("approval_level", sa.String(length=40), nullable=True),
        sa.Column("approved_by", sa.String(length=60), nullable=True),
        sa.Column("approved_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("sent_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["user_account.login"], name=op.f("fk_offer_approved_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_offer_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_offer_instance_id_process_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["prepared_by"], ["user_account.login"], name=op.f("fk_offer_prepared_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint("instance_id", "version", name=op.f("uq_offer_instance_id_version")),
    )
    op.create_index(op.f("ix_offer_client_id"), "offer", ["client_id"], unique=False)
    op.create_index(op.f("ix_offer_status"), "offer", ["status"], unique=False)
    op.create_table(
        "policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("insurer_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("premium", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("commission_percent", sa.Numeric(precision=6, scale=3), nullable=False),
        sa.Column("sum_insured", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("deductible", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("instalment_count", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("sales_type", sa.String(length=20), nullable=False),
        sa.Column("renewed_from_id", sa.Integer(), nullable=True),
        sa.Column("not_renewable", sa.Boolean(), nullable=False),
        sa.Column("non_renewal_reason", sa.String(length=300), nullable=True),
        sa.Column("owner", sa.String(length=60), nullable=True),
        sa.Column("instance_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_policy_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_policy_instance_id_process_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["insurer_id"], ["insurer.id"], name=op.f("fk_policy_insurer_id_insurer")
        ),
        sa.ForeignKeyConstraint(
            ["object_id"], ["insured_object.id"], name=op.f("fk_policy_object_id_insured_object")
        ),
        sa.ForeignKeyConstraint(
            ["owner"], ["user_account.login"], name=op.f("fk_policy_owner_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_policy_product_id_product")
        ),
        sa.ForeignKeyConstraint(
            ["renewed_from_id"], ["policy.id"], name=op.f("fk_policy_renewed_from_id_policy")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
        sa.UniqueConstraint("insurer_id", "number", name=op.f("uq_policy_insurer_id_number")),
        sa.UniqueConstraint("renewed_from_id", name=op.f("uq_policy_renewed_from_id")),
    )
    op.create_index(
        op.f("ix_policy_client_id_ends_on"), "policy", ["client_id", "ends_on"], unique=False
    )
    op.create_index(op.f("ix_policy_product_id"), "policy", ["product_id"], unique=False)
    op.create_index(op.f("ix_policy_status_ends_on"), "policy", ["status", "ends_on"], unique=False)
    op.create_table(
        "quote",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("insurer_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answered_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("premium", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("sum_insured", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("deductible", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("commission_percent", sa.Numeric(precision=6, scale=3), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("decline_reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_quote_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_quote_instance_id_process_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["insurer_id"], ["insurer.id"], name=op.f("fk_quote_insurer_id_insurer")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_quote_product_id_product")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote")),
        sa.UniqueConstraint("task_id", name=op.f("uq_quote_task_id")),
    )
    op.create_index(op.f("ix_quote_client_id"), "quote", ["client_id"], unique=False)
    op.create_index(op.f("ix_quote_instance_id"), "quote", ["instance_id"], unique=False)
    op.create_table(
        "campaign_recipient",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("variant", sa.String(length=1), nullable=True),
        sa.Column("unsubscribe_token", sa.String(length=64), nullable=True),
        sa.Column("instance_id", sa.Uuid(), nullable=True),
        sa.Column("started_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("responded_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("response", sa.String(length=40), nullable=True),
        sa.Column("unsubscribed_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_campaign_recipient_campaign_id_campaign"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_campaign_recipient_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_campaign_recipient_instance_id_process_instance"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_recipient")),
        sa.UniqueConstraint(
            "campaign_id", "client_id", name=op.f("uq_campaign_recipient_campaign_id_client_id")
        ),
        sa.UniqueConstraint(
            "unsubscribe_token", name=op.f("uq_campaign_recipient_unsubscribe_token")
        ),
    )
    op.create_index(
        op.f("ix_campaign_recipient_campaign_id_state_id"),
        "campaign_recipient",
        ["campaign_id", "state", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_campaign_recipient_client_id"), "campaign_recipient", ["client_id"], unique=False
    )
    op.create_table(
        "claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=True),
        sa.Column("insurer_number", sa.String(length=60), nullable=True),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("reserve", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("paid", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("reduced_by_limit", sa.Boolean(), nullable=False),
        sa.Column("refused_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_claim_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policy.id"], name=op.f("fk_claim_policy_id_policy")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
    )
    op.create_index(op.f("ix_claim_client_id"), "claim", ["client_id"], unique=False)
    op.create_index(op.f("ix_claim_policy_id"), "claim", ["policy_id"], unique=False)
    op.create_table(
        "complaint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("register_number", sa.String(length=20), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("registered_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("registered_by", sa.String(length=60), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("complainant", sa.String(length=200), nullable=False),
        sa.Column("complainant_email", sa.String(length=200), nullable=True),
        sa.Column("representation", sa.String(length=200), nullable=True),
        sa.Column("about", sa.String(length=20), nullable=False),
        sa.Column("insurer_id", sa.Integer(), nullable=True),
        sa.Column("employee", sa.String(length=60), nullable=True),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("subject_detail", sa.String(length=60), nullable=True),
        sa.Column("process_key", sa.String(length=120), nullable=True),
        sa.Column("step", sa.String(length=120), nullable=True),
        sa.Column("policy_id", sa.Integer(), nullable=True),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("claimed_amount", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("consumer", sa.Boolean(), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=True),
        sa.Column("owner", sa.String(length=60), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("acknowledge_by", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("internal_answer_by", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answer_by", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("extended_answer_by", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("forwarded_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("delay_told_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answered_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.String(length=20), nullable=True),
        sa.Column("remedy_amount", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("reaction", sa.String(length=40), nullable=True),
        sa.Column("root_cause", sa.String(length=500), nullable=True),
        sa.Column("corrective_action", sa.String(length=500), nullable=True),
        sa.Column("action_owner", sa.String(length=60), nullable=True),
        sa.Column("action_due_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["action_owner"],
            ["user_account.login"],
            name=op.f("fk_complaint_action_owner_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_complaint_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["employee"], ["user_account.login"], name=op.f("fk_complaint_employee_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_complaint_instance_id_process_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["insurer_id"], ["insurer.id"], name=op.f("fk_complaint_insurer_id_insurer")
        ),
        sa.ForeignKeyConstraint(
            ["owner"], ["user_account.login"], name=op.f("fk_complaint_owner_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policy.id"], name=op.f("fk_complaint_policy_id_policy")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_complaint_product_id_product")
        ),
        sa.ForeignKeyConstraint(
            ["registered_by"],
            ["user_account.login"],
            name=op.f("fk_complaint_registered_by_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
        sa.UniqueConstraint("instance_id", name=op.f("uq_complaint_instance_id")),
        sa.UniqueConstraint("register_number", name=op.f("uq_complaint_register_number")),
    )
    op.create_index(op.f("ix_complaint_client_id"), "complaint", ["client_id"], unique=False)
    op.create_index(
        op.f("ix_complaint_status_answer_by"), "complaint", ["status", "answer_by"], unique=False
    )
    op.create_table(
        "contract",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=True),
        sa.Column("policy_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("premium", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("sum_insured", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("deductible", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("commission_percent", sa.Numeric(precision=6, scale=3), nullable=True),
        sa.Column("instalments", sa.Integer(), nullable=False),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.Column("prepared_by", sa.String(length=60), nullable=True),
        sa.Column("prepared_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(length=60), nullable=True),
        sa.Column("approved_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("sent_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("signed_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("signing_method", sa.String(length=40), nullable=True),
        sa.Column("refusal_reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["approved_by"],
            ["user_account.login"],
            name=op.f("fk_contract_approved_by_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_contract_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_contract_instance_id_process_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["offer.id"], name=op.f("fk_contract_offer_id_offer")
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policy.id"], name=op.f("fk_contract_policy_id_policy")
        ),
        sa.ForeignKeyConstraint(
            ["prepared_by"],
            ["user_account.login"],
            name=op.f("fk_contract_prepared_by_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
        sa.UniqueConstraint("instance_id", "version", name=op.f("uq_contract_instance_id_version")),
    )
    op.create_index(op.f("ix_contract_client_id"), "contract", ["client_id"], unique=False)
    op.create_index(op.f("ix_contract_status"), "contract", ["status"], unique=False)
    op.create_table(
        "endorsement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("change", sa.String(length=500), nullable=False),
        sa.Column("premium_delta", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("sum_insured_delta", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("instance_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_endorsement_instance_id_process_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policy.id"], name=op.f("fk_endorsement_policy_id_policy")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endorsement")),
    )
    op.create_index(op.f("ix_endorsement_policy_id"), "endorsement", ["policy_id"], unique=False)
    op.create_table(
        "instalment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("paid_amount", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("invoice_number", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policy.id"], name=op.f("fk_instalment_policy_id_policy")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instalment")),
        sa.UniqueConstraint("policy_id", "number", name=op.f("uq_instalment_policy_id_number")),
    )
    op.create_index(op.f("ix_instalment_due_on"), "instalment", ["due_on"], unique=False)
    op.create_table(
        "offer_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("insurer_id", sa.Integer(), nullable=True),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("cover", sa.String(length=300), nullable=False),
        sa.Column("extra_covers", sa.String(length=300), nullable=False),
        sa.Column("sum_insured", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("deductible", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("premium", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("instalments", sa.Integer(), nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=False),
        sa.Column("commission_percent", sa.Numeric(precision=6, scale=3), nullable=False),
        sa.Column("standard_terms_id", sa.Integer(), nullable=True),
        sa.Column("standard_premium", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("standard_commission_percent", sa.Numeric(precision=6, scale=3), nullable=True),
        sa.Column("standard_deductible", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("premium_deviation_percent", sa.Numeric(precision=6, scale=3), nullable=True),
        sa.Column("commission_deviation", sa.Numeric(precision=6, scale=3), nullable=True),
        sa.Column("premium_effect", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("commission_effect", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.ForeignKeyConstraint(
            ["insurer_id"], ["insurer.id"], name=op.f("fk_offer_line_insurer_id_insurer")
        ),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["offer.id"], name=op.f("fk_offer_line_offer_id_offer")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_offer_line_product_id_product")
        ),
        sa.ForeignKeyConstraint(
            ["standard_terms_id"],
            ["standard_terms.id"],
            name=op.f("fk_offer_line_standard_terms_id_standard_terms"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_line")),
    )
    op.create_index(op.f("ix_offer_line_offer_id"), "offer_line", ["offer_id"], unique=False)
    op.create_table(
        "opportunity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=True),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("evidence_key", sa.String(length=120), nullable=False),
        sa.Column("argument", sa.String(length=500), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("found_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=True),
        sa.Column("dismissed_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("dismissed_reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_opportunity_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_opportunity_instance_id_process_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policy.id"], name=op.f("fk_opportunity_policy_id_policy")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_opportunity_product_id_product")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunity")),
        sa.UniqueConstraint(
            "client_id",
            "rule",
            "evidence_key",
            name=op.f("uq_opportunity_client_id_rule_evidence_key"),
        ),
    )
    op.create_table(
        "renewal_start",
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_renewal_start_instance_id_process_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policy.id"], name=op.f("fk_renewal_start_policy_id_policy")
        ),
        sa.PrimaryKeyConstraint("policy_id", name=op.f("pk_renewal_start")),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("instance_id", sa.Uuid(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("offer_id", sa.Integer(), nullable=True),
        sa.Column("contract_id", sa.Integer(), nullable=True),
        sa.Column("complaint_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("template_key", sa.String(length=120), nullable=True),
        sa.Column("template_hash", sa.String(length=64), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("retention_class", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.String(length=60), nullable=True),
        sa.Column("created_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("removed_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_document_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaint.id"], name=op.f("fk_document_complaint_id_complaint")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_document_contract_id_contract")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.login"], name=op.f("fk_document_created_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name=op.f("fk_document_instance_id_process_instance"),
        ),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["offer.id"], name=op.f("fk_document_offer_id_offer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_client_id"), "document", ["client_id"], unique=False)
    op.create_index(
        op.f("ix_document_instance_id_created_at"),
        "document",
        ["instance_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "document_content",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_document_content_document_id_document")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_content")),
    )
    op.create_table(
        "signature_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("signer_name", sa.String(length=200), nullable=False),
        sa.Column("signer_email", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("prepared_at", broker_crm.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("sent_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("expires_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("signed_document_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_signature_request_contract_id_contract")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_signature_request_document_id_document")
        ),
        sa.ForeignKeyConstraint(
            ["signed_document_id"],
            ["document.id"],
            name=op.f("fk_signature_request_signed_document_id_document"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature_request")),
        sa.UniqueConstraint(
            "provider", "reference", name=op.f("uq_signature_request_provider_reference")
        ),
    )
    op.create_index(
        op.f("ix_signature_request_contract_id"), "signature_request", ["contract_id"], unique=False
    )
    op.add_column(
        "client",
        sa.Column(
            "deputy",
            sa.String(length=60),
            sa.ForeignKey("user_account.login", name="fk_client_deputy_user_account"),
            nullable=True,
        ),
        inline_references=True,
    )
    op.add_column(
        "client",
        sa.Column(
            "group_id",
            sa.Integer(),
            sa.ForeignKey("client_group.id", name="fk_client_group_id_client_group"),
            nullable=True,
        ),
        inline_references=True,
    )
    op.add_column("client", sa.Column("turnover_band", sa.String(length=20), nullable=True))
    op.add_column("client", sa.Column("risk_class", sa.String(length=20), nullable=True))
    op.add_column("client", sa.Column("bank_account", sa.String(length=34), nullable=True))
    op.add_column("client", sa.Column("personal_code_sealed", sa.String(length=400), nullable=True))
    op.add_column("client", sa.Column("personal_code_mark", sa.String(length=64), nullable=True))
    op.add_column("client", sa.Column("foreign_id", sa.String(length=60), nullable=True))
    op.add_column("client", sa.Column("import_code", sa.String(length=60), nullable=True))
    op.add_column(
        "client",
        sa.Column("retention_class", sa.String(length=40), nullable=False, server_default="client"),
    )
    op.add_column(
        "client",
        sa.Column(
            "merged_into",
            sa.Integer(),
            sa.ForeignKey("client.id", name="fk_client_merged_into_client"),
            nullable=True,
        ),
        inline_references=True,
    )
    op.add_column(
        "client", sa.Column("erased_at", broker_crm.db.UtcDateTime(timezone=True), nullable=True)
    )
    op.create_index(op.f("ix_client_group_id"), "client", ["group_id"], unique=False)
    op.create_index(op.f("ix_client_import_code"), "client", ["import_code"], unique=False)
    op.create_index(op.f("ix_client_merged_into"), "client", ["merged_into"], unique=False)
    op.create_index(
        op.f("ix_client_personal_code_mark"), "client", ["personal_code_mark"], unique=True
    )
    op.add_column("consent", sa.Column("text_version", sa.String(length=40), nullable=True))
    op.add_column(
        "consent",
        sa.Column(
            "recorded_by",
            sa.String(length=60),
            sa.ForeignKey("user_account.login", name="fk_consent_recorded_by_user_account"),
            nullable=True,
        ),
        inline_references=True,
    )
    op.add_column("contact_person", sa.Column("authority", sa.String(length=120), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("Restore the backup that was taken before the upgrade.")
