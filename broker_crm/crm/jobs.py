"""Jobs on records, and the notes that completed steps leave with the client."""

from __future__ import annotations

from collections.abc import Mapping

from broker_crm import clock
from broker_crm.crm.models import Client, ClientStatus, Interaction
from broker_crm.crm.permissions import check_permission
from broker_crm.process import jobs
from broker_crm.process.jobs import CompletedStep, JobCall

INTERACTIONS = {
    "first-call": "call",
    "offer-call": "call",
    "meeting": "meeting",
    "negotiation": "meeting",
    "client-changes": "call",
    "renewal-call": "call",
    "payment-call": "call",
    "upsell-contact": "call",
    "cross-contact": "call",
    "onboarding-call": "call",
    "campaign-call": "call",
    "satisfaction-call": "call",
}
"""Steps that are a conversation with the client."""
NOT_REACHED = frozenset({"no-answer", "no-show"})


def register_all() -> None:
    """Register the handlers; safe to repeat."""
    jobs.register("record-outcome", record_outcome)
    jobs.register("update-client", update_client)
    jobs.register("check-permission", check_permission)
    jobs.after_completion(leave_note)


def record_outcome(call: JobCall) -> Mapping[str, object]:
    """Write how the case ended; headers `outcome` and `reason`."""
    call.case.outcome = _text(call, "outcome")
    call.case.reason = _text(call, "reason")
    return {}


def update_client(call: JobCall) -> Mapping[str, object]:
    """Change the client; headers `doNotContact` (true) and `status` (active, former)."""
    client = _client(call)
    if client is None:
        return {}
    if call.job.headers.get("doNotContact") in (True, "true"):
        client.do_not_contact = True
    status = _text(call, "status")
    if status:
        client.status = ClientStatus(status)
    return {}


def leave_note(step: CompletedStep) -> None:
    """Keep a conversation, or a note typed at any other step, in the client's history."""
    kind = INTERACTIONS.get(step.step)
    written = [
        str(step.values[key])
        for key in ("notes", "reasonText", "negotiationRequest", "interestSummary")
        if step.values.get(key)
    ]
    if step.case.client_id is None or (kind is None and not written):
        return
    reaction = step.values.get("reaction") or step.outcome
    step.session.add(
        Interaction(
            client_id=step.case.client_id,
            instance_id=step.case.id,
            task_id=step.task_id,
            product_id=step.case.product_id,
            kind=kind or "note",
            at=clock.now(),
            author=step.by,
            reaction=str(reaction) if reaction and step.outcome not in NOT_REACHED else None,
            text="\n".join(written),
        )
    )


def _client(call: JobCall) -> Client | None:
    return call.session.get(Client, call.case.client_id) if call.case.client_id else None


def _text(call: JobCall, header: str) -> str | None:
    value = call.job.headers.get(header)
    return str(value) if value not in (None, "") else None
