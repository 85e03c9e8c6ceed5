"""What a version's diagram says that its steps and endings are, for the questions to count by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from broker_crm.definitions.meanings import KIND, ending, outcome_meanings
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.published import resources
from broker_crm.engine.diagram import read_diagram
from broker_crm.engine.dialect import Element


@dataclass(frozen=True, slots=True)
class Marks:
    """What one process version says.

    Attributes:
        kinds: element id to kind of step.
        meanings: element id and outcome to its meaning.
        endings: outcome of the case to its meaning.
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
        dict(filter(None, map(ending, elements.values()))),
    )
