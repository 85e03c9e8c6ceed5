"""What diagrams say for the questions to count by: kinds of steps, meanings of outcomes."""

from __future__ import annotations

from collections.abc import Iterator

from broker_crm.definitions.findings import Finding, warning_at
from broker_crm.engine.dialect import Element
from broker_crm.engine.sentences import said

KIND = "kind"
"""Property of a user task: one of `KINDS`."""
KINDS = frozenset(
    {
        "letter",
        "call",
        "contact",
        "meeting",
        "negotiation",
        "quote",
        "offer",
        "offer-approval",
        "offer-letter",
        "contract",
        "contract-approval",
        "contract-letter",
        "signing",
    }
)
OUTCOME_MEANING = "outcomeMeaning"
"""Property of a user task: outcomes and what each means, such as 'interested:positive'."""
MEANINGS = frozenset({"positive", "negative", "undecided", "unreached"})
ENDING = "meaning"
"""Header of a service task that records how the case ended: one of `ENDINGS`."""
ENDINGS = frozenset({"won", "refused", "expired", "unreached", "declined", "postponed", "excluded"})
RECORD_OUTCOME = "record-outcome"


def outcome_meanings(element: Element) -> dict[str, str]:
    """Outcome to meaning, as the element's property says."""
    pairs = (each.partition(":") for each in element.properties.get(OUTCOME_MEANING, "").split(","))
    return {outcome.strip(): meaning.strip() for outcome, _, meaning in pairs if outcome.strip()}


def ending(element: Element) -> tuple[str, str] | None:
    """Outcome of the case and its meaning, where the element records a fixed one with a meaning."""
    outcome = element.headers.get("outcome", "=")
    if element.job_type != RECORD_OUTCOME or outcome.startswith("="):
        return None
    meaning = element.headers.get(ENDING)
    return (outcome, meaning) if meaning else None


def unknown_meanings(element: Element) -> Iterator[Finding]:
    """Words that the questions would not understand, and outcomes that the step does not have."""
    kind = element.properties.get(KIND)
    if element.type == "userTask" and kind and kind not in KINDS:
        yield _unknown(
            element, said("The questions know no kind of step “%(word)s”.", word=kind), KINDS
        )
    for outcome, meaning in outcome_meanings(element).items():
        if meaning not in MEANINGS:
            yield _unknown(
                element,
                said("“%(word)s” is no meaning of an outcome.", word=meaning or outcome),
                MEANINGS,
            )
        elif element.outcomes and outcome not in element.outcomes:
            yield _unknown(
                element,
                said("A meaning is told for “%(word)s”, which is no outcome.", word=outcome),
                frozenset(element.outcomes),
            )
    told = element.headers.get(ENDING)
    if element.job_type == RECORD_OUTCOME and told and told not in ENDINGS:
        yield _unknown(
            element, said("“%(word)s” is no meaning of the end of a case.", word=told), ENDINGS
        )


def _unknown(element: Element, problem: str, known: frozenset[str]) -> Finding:
    mend = said("Choose one of: %(names)s.", names=", ".join(sorted(known)))
    return warning_at(element, "meaning", problem, mend)
