"""The jobs that a diagram may ask for, and the variables in which each leaves what it found."""

from __future__ import annotations

JOB_RESULTS: dict[str, tuple[str, ...]] = {
    "send-letter": ("letterId",),
    "remind": (),
    "escalate": (),
    "alert": (),
    "make-document": ("document",),
    "check-permission": ("permission", "contactFacts"),
    "record-outcome": (),
    "update-client": (),
    "gather-renewal-facts": ("renewalFile",),
    "compare-offer": ("standardTerms", "deviation"),
    "issue-policy": ("issued",),
    "cancel-policy": (),
    "gather-sales-facts": (
        "holdings",
        "sector",
        "staff",
        "vehicles",
        "insurers",
        "objectValue",
        "reducedByLimit",
        "daysSinceRenewal",
    ),
    "freeze-campaign": ("campaignList",),
    "update-campaign": (),
    "measure-campaign": ("campaignFigures",),
    "update-recipient": (),
    "start-case": (),
    "update-opportunity": (),
    "keep-dated-lead": (),
    "issue-endorsement": (),
    "update-complaint": (
        "acknowledgedAt",
        "forwardedAt",
        "delayToldAt",
        "answeredAt",
        "closedAt",
    ),
}
JOB_TYPES = frozenset(JOB_RESULTS)
PRODUCT_DOCUMENTS = frozenset({"ipid", "kid"})
"""Kinds of a product's dated documents that a letter may carry."""
