"""The jobs that a diagram may ask for, and the variables in which each leaves what it found."""

from __future__ import annotations

JOB_RESULTS: dict[str, tuple[str, ...]] = {
    "send-letter": ("letterId",),
    "remind": (),
    "escalate": (),
    "alert": (),
    "make-document": ("document",),
    "check-permission": ("permission",),
    "record-outcome": (),
    "update-client": (),
    "gather-renewal-facts": ("renewalFile",),
    "issue-policy": ("issued",),
    "cancel-policy": (),
    "update-complaint": ("acknowledgedAt", "forwardedAt", "delayToldAt", "answeredAt"),
}
JOB_TYPES = frozenset(JOB_RESULTS)
