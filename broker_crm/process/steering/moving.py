"""Moves a case to another step: the token leaves the step where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from broker_crm.definitions.published import compiled
from broker_crm.engine import steering as engine
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.errors import NothingWaits, RuleFailed
from broker_crm.engine.run import Surroundings
from broker_crm.engine.tokens import Place
from broker_crm.engine.transition import EventKind, HappenedEvent, Job
from broker_crm.process import recording
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import ProcessEvent, ProcessInstance
from broker_crm.process.recording import Work
from broker_crm.process.steering import approvals
from broker_crm.process.steering.opening import last_event, open_case, reason_of
from broker_crm.process.steering.refusals import (
    CannotMove,
    NothingThere,
    SkipsApproval,
    StepFails,
)


def move_case(
    session: Session,
    instance_id: UUID,
    source_id: UUID,
    target: str,
    reason: str,
    *,
    by: str,
    skips_approvals: bool = False,
) -> ProcessEvent:
    """Take a token of a running case from where it stands and put it before another step.

    The open task that it leaves is cancelled with its reminders; the new one is created as if the
    case had come to it. Jobs between the two are not carried out.

    Args:
        session: the caller commits.
        instance_id: the running case.
        source_id: an open task, or the timer or subscription of an event that the case waits for.
        target: element id of a user task in the same version and the same part of the process.
        reason: why, for those who read it later.
        by: login of one who steers.
        skips_approvals: whether approvals between the two may be passed over.

    Returns:
        The event; its value has `from` and `to` (element ids), `left` and `task` (ids), and
        `skipped`, element ids of approvals that were passed over, where there are any.

    Raises:
        InstanceNotFound, InstanceEnded, NotAllowed: as for `open_case`.
        SubmissionRejected: there is no reason.
        NothingThere: nothing stands under `source_id` any more.
        CannotMove: the case would come to wait for ever, or run something twice.
        SkipsApproval: an approval lies between the two, and it may not be passed over.
        StepFails: a rule of the step fails with the data as they are.
        Outrun: another command was faster.
    """
    work, process = open_case(session, instance_id, by)
    return _put(work, process, source_id, target, reason_of(reason), skips_approvals)


def put(
    session: Session,
    instance_id: UUID,
    source_id: UUID,
    target: str,
    reason: str,
    *,
    by: str,
    undoes: int | None = None,
) -> ProcessEvent:
    """As `move_case` over whatever approvals; tells which event it undoes."""
    work, process = open_case(session, instance_id, by)
    return _put(work, process, source_id, target, reason, True, undoes)


def _put(
    work: Work,
    process: CompiledProcess,
    source_id: UUID,
    target: str,
    reason: str,
    skips_approvals: bool,
    undoes: int | None = None,
) -> ProcessEvent:
    try:
        left, state, transition = engine.put(
            process, work.instance.state, source_id, target, work.around
        )
    except NothingWaits as error:
        raise NothingThere from error
    except engine.NoSafePlace as error:
        raise CannotMove(error.why) from error
    except RuleFailed as error:
        raise StepFails(str(error)) from error
    skipped = approvals.between(process, left, target) if undoes is None else []
    if skipped and not skips_approvals:
        raise SkipsApproval(skipped)
    made = next((task.id for task in transition.created if task.element_id == target), None)
    value: dict[str, object] = {
        "from": left,
        "to": target,
        "left": str(source_id),
        "task": str(made),
    }
    if undoes is not None:
        value["undoes"] = str(undoes)
    if skipped:
        value["skipped"] = [each.id for each in skipped]
    element = process.elements[target]
    moved = HappenedEvent(
        EventKind.TOKEN_MOVED,
        element_id=target,
        element_name=element.name or element.id,
        element_type=element.type,
        task_id=made,
        value=value,
    )

    def details(event: HappenedEvent) -> Mapping[str, object]:
        return {"reason": reason} if event is moved else {}

    work.job_events.append(moved)
    try:
        recording.record(work, state, transition, details)
    except RuleFailed as error:
        raise StepFails(str(error)) from error
    return last_event(work.session, work.instance.id, EventKind.TOKEN_MOVED)


def places(session: Session, instance: ProcessInstance, source_id: UUID) -> list[Place]:
    """Every step of the case's process, and why the case can't be moved there from a place.

    Raises:
        NothingThere: nothing stands there.
    """
    process = compiled(session, instance.version_id)
    around = Surroundings(company_calendar(session), _runs_nothing, instance.id)
    try:
        return engine.places(process, instance.state, source_id, around)
    except NothingWaits as error:
        raise NothingThere from error


def _runs_nothing(job: Job) -> Mapping[str, object]:
    raise AssertionError(f"looking at a case ran the job {job.type}")
