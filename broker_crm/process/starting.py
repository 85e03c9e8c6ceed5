"""Starts process instances: on the latest version, or on that of their arm of an experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.db import new_id
from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.published import compiled
from broker_crm.engine import commands as engine
from broker_crm.engine.transition import EventKind, HappenedEvent, Transition
from broker_crm.process import recording
from broker_crm.process.errors import VersionNotOfProcess
from broker_crm.process.experiments.drawing import Drawn, Subject, draw
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


Variables = Mapping[str, object] | Callable[[ProcessVersion], Mapping[str, object]]
"""JSON values, or what gives them once the version of the case is known."""


@dataclass(frozen=True, slots=True)
class Started:
    instance: ProcessInstance
    tasks: list[UserTask]
    transition: Transition


def start(
    session: Session,
    process_key: str,
    variables: Variables,
    *,
    by: str | None,
    case: CaseData | None = None,
    version_id: int | None = None,
) -> Started:
    """Start an instance and run it to its first waits.

    While an experiment on the process runs, the instance gets its arm here.

    Args:
        session: the caller commits.
        process_key: id of the BPMN process.
        variables: values that the case begins with.
        by: login, or None for the product itself.
        case: title, client, product, owner; by default only the process's name.
        version_id: a version of the caller's choice; such a case is in no experiment.

    Raises:
        NotPublished: when there is no such process.
        VersionNotOfProcess: the chosen version is not one of the process.
        RuleFailed: when a rule or job on the way fails; the caller rolls back.
    """
    instance_id = new_id()
    drawn = _drawn(session, process_key, instance_id, case, version_id)
    version = drawn.version
    case = case or CaseData(version.name)
    values = variables if isinstance(variables, Mapping) else variables(version)
    loaded = LoadedInstance(
        id=instance_id,
        version_id=version.id,
        process_key=process_key,
        status=InstanceStatus.ACTIVE,
        state=b"",
        row_version=0,
        segment=case.segment,
        case=Case(
            id=instance_id,
            version_id=version.id,
            process_key=process_key,
            title=case.title,
            client_id=case.client_id,
            product_id=case.product_id,
            owner=case.owner,
        ),
    )
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
    _assign(work, drawn)
    state, transition = engine.start(compiled(session, version.id), values, work.around)

    def details(event: HappenedEvent) -> dict[str, object]:
        return {"value": dict(values)} if event.kind == EventKind.INSTANCE_STARTED else {}

    recording.record(work, state, transition, details)
    return Started(
        session.get_one(ProcessInstance, loaded.id),
        opened_tasks(session, transition),
        transition,
    )


def _drawn(
    session: Session,
    process_key: str,
    instance_id: UUID,
    case: CaseData | None,
    version_id: int | None,
) -> Drawn:
    if version_id is None:
        known = case or CaseData("")
        subject = Subject(instance_id, known.client_id, known.owner, known.segment)
        return draw(session, process_key, subject)
    version = session.get(ProcessVersion, version_id)
    if version is None or version.process_key != process_key:
        raise VersionNotOfProcess(version_id)
    return Drawn(version)


def _assign(work: Work, drawn: Drawn) -> None:
    """Write the arm before anything runs, so that the first letter is already that of the arm."""
    if drawn.assignment is not None:
        work.session.add(drawn.assignment)
        work.session.flush()
        work.job_events.append(HappenedEvent(EventKind.EXPERIMENT_ASSIGNED, value=drawn.told()))


def opened_tasks(session: Session, transition: Transition) -> list[UserTask]:
    """The rows of the tasks that a transition opened, in its order."""
    identifiers = [task.id for task in transition.created]
    if not identifiers:
        return []
    rows = session.scalars(select(UserTask).where(UserTask.id.in_(identifiers)))
    found = {row.id: row for row in rows}
    return [found[identifier] for identifier in identifiers]
