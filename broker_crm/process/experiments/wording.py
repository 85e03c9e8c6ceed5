"""Which version a case takes a letter, script or document from: its own, or that of its arm."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.definitions.models import ResourceKind
from broker_crm.process.experiments.models import Arm, Experiment, ExperimentAssignment


def version_of_text(
    session: Session, instance_id: UUID, version_id: int, kind: ResourceKind, key: str
) -> int:
    """The version whose wording of a text the case gets, for as long as it runs.

    A case that was moved to another version takes that one's wording.

    Args:
        session: for reading.
        instance_id: the case.
        version_id: that it runs on.
        kind: letter, script or document.
        key: of the text.
    """
    found = session.scalar(
        select(Experiment.version_b_id)
        .join(ExperimentAssignment, ExperimentAssignment.experiment_id == Experiment.id)
        .where(
            ExperimentAssignment.instance_id == instance_id,
            ExperimentAssignment.arm == Arm.B,
            Experiment.compared == kind,
            Experiment.template_key == key,
            Experiment.version_a_id == version_id,
        )
    )
    return version_id if found is None else found
