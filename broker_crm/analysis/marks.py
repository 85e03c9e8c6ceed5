"""What a version's diagram says that its steps and endings are, for the questions to count by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.published import resources
from broker_crm.engine.diagram import read_diagram
from broker_crm.engine.dialect import Element

KIND = "kind"
"""Property of a user task: one of `KINDS`."""
OUTCOME_MEANING = "outcomeMeaning"
"""Property of a user task: outcomes and what each means, such as 'interested:positive'."""
MEANING = "meaning"
"""Header of a service task that records the outcome of the case."""
RECORD_OUTCOME = "record-outcome"


@dataclass(frozen=True, slots=True)
class Marks:
    """What one process version says.

    Attributes:
        kinds: element id to kind of step.
        meanings: element id and outcome to 'positive', 'negative', 'undecided' or 'unreached'.
        endings: outcome of the case to 'won', 'refused', 'expired', 'unreached', 'declined',
            'postponed' or 'excluded'.
    """

    kinds: Mapping[str, str]
    meanings: Mapping[tuple[str, str], str]
    endings: Mapping[str, str]


def marks(session: Session, version_id: int) -> Marks:
    """The marks in the diagrams of a version."""
    elements: dict[str, Element] = {}
    for file, content in resources(session, version_id, ResourceKind.DIAGRAM).items():
        elements.update(read_diagram(content, file).elements)
    return Marks(
        {key: element.properties.get(KIND, "") for key, element in elements.items()},
        {
            (key, outcome): meaning
            for key, element in elements.items()
            for outcome, meaning in outcome_meanings(element).items()
        },
        {
            element.headers["outcome"]: element.headers[MEANING]
            for element in elements.values()
            if element.job_type == RECORD_OUTCOME
            and MEANING in element.headers
            and not element.headers.get("outcome", "=").startswith("=")
        },
    )


def outcome_meanings(element: Element) -> dict[str, str]:
    """Outcome to meaning, as the element's property says."""
    pairs = (each.partition(":") for each in element.properties.get(OUTCOME_MEANING, "").split(","))
    return {outcome.strip(): meaning.strip() for outcome, _, meaning in pairs if meaning}
