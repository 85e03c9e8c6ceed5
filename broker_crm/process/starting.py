"""Starts process instances on the latest published version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.db import new_id
from broker_crm.definitions.published import compiled, latest_version
from broker_crm.engine import commands as engine
from broker_crm.engine.transition import HappenedEvent, Transition
from broker_crm.process import recording
from broker_crm.process.jobs import Case
from broker_crm.process.loading import LoadedInstance
from broker_crm.process.models import InstanceStatus, ProcessInstance, UserTask
from broker_crm.process.plain_text import plain
from broker_crm.process.recording import Work


@dataclass(frozen=True, slots=True)
class CaseData:
    """What the instance's row tells without its variables."""

    title: str
    client_id: int | None = None
    product_id: int | None = None
    owner: str | None = None
    segment: str = ""
    """Snapshot at the start, such as 'legal/transport/small'; so the three below."""
    vip: bool = False
    region: str = ""
    complexity: str = ""
    """Class of the product."""


@dataclass(frozen=True, slots=True)
class Started:
    instance: ProcessInstance
    tasks: list[UserTask]
    transition: Transition


def start(
    session: Session,
    process_key: str,
    variables: Mapping[str, object],
    *,
    by: str | None,
    case: CaseData | None = None,
) -> Started:
    """Start an instance and run it to its first waits.

    Args:
        session: the caller commits.
        process_key: id of the BPMN process.
        variables: JSON values.
        by: login, or None for the product itself.
        case: title, client, product, owner; by default only the process's name.

    Raises:
        NotPublished: when there is no such process.
        RuleFailed: when a rule or job on the way fails; the caller rolls back.
    """
    version = latest_version(session, process_key)
    case = case or CaseData(version.name)
    loaded = LoadedInstance(
        id=new_id(),
        version_id=version.id,
        process_key=process_key,
        status=InstanceStatus.ACTIVE,
        state=b"",
        row_version=0,
        segment=case.segment,
        case=Case(
            id=new_id(),
            version_id=version.id,
            process_key=process_key,
            title=case.title,
            client_id=case.client_id,
            product_id=case.product_id,
            owner=case.owner,
        ),
    )
    loaded.case.id = loaded.id
    work = Work(session, loaded, by)
    recording.insert_instance(
        work,
        b"",
        {
            "id": loaded.id,
            "version_id": version.id,
            "first_version_id": version.id,
            "process_key": process_key,
            "title": case.title,
            "search_title": plain(case.title),
            "client_id": case.client_id,
            "product_id": case.product_id,
            "owner": case.owner,
            "status": InstanceStatus.ACTIVE,
            "started_at": work.at,
            "started_by": by,
            "segment": case.segment,
            "vip": case.vip,
            "region": case.region,
            "complexity": case.complexity,
            "row_version": 0,
        },
    )
    state, transition = engine.start(compiled(session, version.id), variables, work.around)

    def details(event: HappenedEvent) -> dict[str, object]:
        return {"value": dict(variables)} if event.kind == "instance-started" else {}

    recording.record(work, state, transition, details)
    return Started(
        session.get_one(ProcessInstance, loaded.id),
        opened_tasks(session, transition),
        transition,
    )


def opened_tasks(session: Session, transition: Transition) -> list[UserTask]:
    """The rows of the tasks that a transition opened, in its order."""
    identifiers = [task.id for task in transition.created]
    if not identifiers:
        return []
    rows = session.scalars(select(UserTask).where(UserTask.id.in_(identifiers)))
    found = {row.id: row for row in rows}
    return [found[identifier] for identifier in identifiers]
