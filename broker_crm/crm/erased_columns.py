"""Column by column, what is left of a client's records when the client is erased."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from broker_crm.crm.models import (
    CampaignRecipient,
    Claim,
    ClientStatus,
    Complaint,
    Consent,
    Contract,
    DataRequest,
    DatedLead,
    Document,
    ErasureProposal,
    InsuredObject,
    Interaction,
    Meeting,
    NeedsRecord,
    Offer,
    Opportunity,
    Quote,
)
from broker_crm.outreach.models import Letter

NO_FILE = "–"
EMPTIED: Mapping[type[Any], Mapping[str, Any]] = {
    InsuredObject: {"name": "", "plate": None, "vin": None, "search_text": ""},
    DatedLead: {"insurer_name": None},
    Interaction: {"text": ""},
    Meeting: {"title": "", "place": "", "invited_email": None},
    NeedsRecord: {"answers": {}, "confirmed_how": None},
    Quote: {"decline_reason": None},
    Offer: {"note": "", "corrections": "", "deviation_reason": "", "link_hash": None},
    Contract: {"differences": {}, "refusal_reason": None, "number": None, "search_number": ""},
    Claim: {"description": "", "insurer_number": None},
    Complaint: {
        "complainant": "",
        "complainant_email": None,
        "representation": None,
        "description": "",
        "root_cause": None,
        "corrective_action": None,
        "search_text": "",
        "forwarded_to": None,
        "answer_text": None,
        "remedy_text": None,
    },
    Opportunity: {"argument": "", "dismissed_reason": None},
    CampaignRecipient: {"unsubscribe_token": None, "reason": None},
    Consent: {"evidence": "", "withdrawn_evidence": None, "document_id": None},
    DataRequest: {
        "requester": "",
        "identified_by": "",
        "text": "",
        "answer": None,
        "extended_reason": None,
    },
    ErasureProposal: {"keep_reason": None},
    Letter: {"recipient": "", "subject": "", "body": ""},
    Document: {"file_name": NO_FILE, "sha256": "", "size": 0},
}
"""Tables of the client, and what is left of their columns that may tell of a person."""
CLIENT_COLUMNS: Mapping[str, Any] = {
    "code": None,
    "vat_code": None,
    "address": None,
    "email": None,
    "phone": None,
    "birth_date": None,
    "bank_account": None,
    "personal_code_sealed": None,
    "personal_code_mark": None,
    "foreign_id": None,
    "import_code": None,
    "restricted_reason": None,
    "group_id": None,
    "status": ClientStatus.FORMER,
    "do_not_contact": True,
}
REWRITTEN: Mapping[str, frozenset[str]] = {
    "client": frozenset({"name", "search_name", "match_name", "sort_name"}),
    "process_instance": frozenset({"title", "search_title", "search_text", "reason", "state"}),
    "user_task": frozenset(
        {"name", "search_name", "reason", "pause_reason", "local_variables", "draft"}
    ),
    "product_document": frozenset({"kind"}),
    "process_event": frozenset({"value", "reason", "element_name"}),
    "incident": frozenset({"message", "command"}),
    "notification": frozenset({"case_title"}),
    "migration_item": frozenset({"reason", "changes"}),
    "task_pause": frozenset({"note"}),
    "steering_row": frozenset({"reason"}),
    "steering_batch": frozenset({"arguments", "reason"}),
    "policy": frozenset({"number", "search_number", "non_renewal_reason"}),
    "endorsement": frozenset({"change"}),
    "offer_line": frozenset({"cover", "extra_covers"}),
    "signature_request": frozenset({"signer_name", "signer_email", "last_error"}),
    "outbox": frozenset({"server_reply", "last_error"}),
    "import_row": frozenset({"before", "after"}),
    "client_merge": frozenset({"moved"}),
}
"""Columns that `erasure` mends row by row."""
DELETED = frozenset({"contact_person", "document_content", "letter_attachment", "pending_message"})
"""Tables whose rows go."""
KEPT: Mapping[str, frozenset[str]] = {
    "experiment_assignment": frozenset({"arm", "stratum", "unit_key"}),
    "client": frozenset(
        {
            "kind",
            "sector",
            "sector_code",
            "size_band",
            "region",
            "country",
            "language",
            "source",
            "turnover_band",
            "risk_class",
            "retention_class",
        }
    ),
    "audit_entry": frozenset({"actor", "action", "detail"}),
    "data_request": frozenset({"kind", "channel", "state"}),
    "erasure_proposal": frozenset({"kind", "record_key", "retention_class", "decision"}),
    "insured_object": frozenset({"kind"}),
    "process_instance": frozenset(
        {"process_key", "status", "outcome", "segment", "region", "complexity"}
    ),
    "campaign": frozenset(
        {"name", "goal", "segment", "letter_a", "letter_b", "status", "stopped_reason"}
    ),
    "event_subscription": frozenset({"element_id", "kind", "name", "correlation_key"}),
    "import_row": frozenset({"action"}),
    "incident": frozenset(
        {"kind", "element_id", "element_name", "actor", "resolved_by", "resolution"}
    ),
    "interaction": frozenset({"kind", "reaction"}),
    "letter": frozenset(
        {"element_id", "template_key", "language", "sender", "purpose", "author", "dedup_key"}
    ),
    "meeting": frozenset({"status"}),
    "migration_item": frozenset({"state"}),
    "task_pause": frozenset({"reason"}),
    "steering_row": frozenset({"state"}),
    "steering_batch": frozenset({"action"}),
    "notification": frozenset({"kind", "task_name", "dedup_key"}),
    "offer": frozenset({"status", "approval_level"}),
    "offer_deviation": frozenset({"kind", "cover", "reason"}),
    "policy": frozenset({"status", "sales_type"}),
    "policy_cover": frozenset({"cover"}),
    "process_event": frozenset(
        {"kind", "actor", "element_id", "element_type", "measure", "outcome"}
    ),
    "quote": frozenset({"status"}),
    "start_request": frozenset({"key", "digest"}),
    "timer": frozenset({"element_id", "name"}),
    "user_task": frozenset(
        {
            "element_id",
            "step",
            "lane",
            "form_key",
            "candidate_group",
            "status",
            "outcome",
            "outcomes",
            "outcome_variable",
            "help",
        }
    ),
    "campaign_recipient": frozenset({"state", "variant", "response", "outcome"}),
    "complaint": frozenset(
        {
            "register_number",
            "channel",
            "about",
            "subject",
            "subject_detail",
            "process_key",
            "step",
            "language",
            "severity",
            "status",
            "decision",
            "reaction",
            "bank_outcome",
        }
    ),
    "contract": frozenset({"status", "signing_method"}),
    "instalment": frozenset({"invoice_number"}),
    "opportunity": frozenset({"kind", "rule", "evidence_key"}),
    "outbox": frozenset({"state", "message_id", "lease_token"}),
    "document": frozenset(
        {"kind", "template_key", "template_hash", "language", "media_type", "retention_class"}
    ),
    "consent": frozenset({"purpose", "channel", "text_version"}),
    "signature_request": frozenset({"provider", "reference", "state"}),
}
"""Columns of codes, numbers of the house, and names that diagrams give: they tell of nobody."""
