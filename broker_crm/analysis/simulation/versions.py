"""The versions and drafts that can be simulated, as models."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.analysis.simulation.model import Model, model_of
from broker_crm.definitions.bundle import arrange, bundles
from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.published import NotPublished, compiled, latest_version
from broker_crm.definitions.workspace.files import workspace_files
from broker_crm.engine.definition import compile_process


def version_of(session: Session, process: str, number: int | None) -> ProcessVersion:
    """A version of a process; the one in use for None.

    Raises:
        NotPublished: there is none.
    """
    if number is None:
        return latest_version(session, process)
    found = session.scalar(
        select(ProcessVersion).where(
            ProcessVersion.process_key == process, ProcessVersion.number == number
        )
    )
    if found is None:
        raise NotPublished(f"The process “{process}” has no version {number}.")
    return found


def published_model(session: Session, version: ProcessVersion) -> Model:
    """The model of a published version."""
    return model_of(compiled(session, version.id))


def draft_model(session: Session, process: str) -> Model:
    """The model of a process as designers have it, published or not.

    Raises:
        NotPublished: there is no such process.
        DiagramRefused: the draft can't run.
    """
    for bundle in bundles(arrange(workspace_files(session))):
        if bundle.process_key == process:
            return model_of(compile_process(bundle.source))
    raise NotPublished(f"There is no process “{process}”.")
