"""Corrects a variable of a running case; what is decided later sees the new value."""

from __future__ import annotations

from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from broker_crm.engine import steering as engine
from broker_crm.engine.commands import variables
from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.errors import RuleFailed
from broker_crm.engine.transition import EventKind, HappenedEvent
from broker_crm.process import recording
from broker_crm.process.models import ProcessEvent
from broker_crm.process.recording import Work
from broker_crm.process.steering.opening import open_case, reason_of, write
from broker_crm.process.steering.refusals import CannotCorrect, StepFails, WhyNotCorrected

LARGEST = 20_000
"""Bytes of the value as JSON."""


def correct_variable(
    session: Session, instance_id: UUID, name: str, value: object, reason: str, *, by: str
) -> ProcessEvent:
    """Give a variable of a running case another value.

    Timers and due dates that were reckoned before stay as they are.

    Args:
        session: the caller commits.
        instance_id: the running case.
        name: of an existing variable.
        value: of the same JSON type; an empty (null) variable takes any.
        reason: why, for those who read it later.
        by: login of one who steers.

    Returns:
        The event; its value has `name`, `from` and `to`.

    Raises:
        InstanceNotFound, InstanceEnded, NotAllowed: as for `open_case`.
        SubmissionRejected: there is no reason.
        CannotCorrect: the variable can't have that value.
        Outrun: another command was faster.
    """
    told = reason_of(reason)
    work, process = open_case(session, instance_id, by)
    known = variables(work.instance.state, instance_id)
    why = why_not(known, name, value)
    if why is not None:
        raise CannotCorrect(name, why)
    return _write(work, process, name, (known[name], value), told)


def put_back(
    session: Session, instance_id: UUID, name: str, value: object, reason: str, *, by: str
) -> ProcessEvent:
    """Give a variable a value that it had before."""
    work, process = open_case(session, instance_id, by)
    known = variables(work.instance.state, instance_id)
    return _write(work, process, name, (known.get(name), value), reason)


def _write(
    work: Work,
    process: CompiledProcess,
    name: str,
    change: tuple[object, object],
    reason: str,
) -> ProcessEvent:
    before, value = change
    try:
        state, transition = engine.correct(process, work.instance.state, name, value, work.around)
    except RuleFailed as error:
        raise StepFails(str(error)) from error
    recording.record(work, state, transition)
    event = HappenedEvent(
        EventKind.VARIABLE_CORRECTED, value={"name": name, "from": before, "to": value}
    )
    return write(work, event, reason)


def why_not(known: dict[str, object], name: str, value: object) -> WhyNotCorrected | None:
    """Why a variable can't have a value; None when it can."""
    if name not in known:
        return WhyNotCorrected.MISSING
    present = known[name]
    if present is not None and _json_type(present) != _json_type(value):
        return WhyNotCorrected.OTHER_TYPE
    if names_a_record(name, present, value):
        return WhyNotCorrected.NAMES_A_RECORD
    if len(orjson.dumps(value)) > LARGEST:
        return WhyNotCorrected.TOO_LARGE
    if present == value and type(present) is type(value):
        return WhyNotCorrected.SAME
    return None


def names_a_record(name: str, present: object, value: object) -> bool:
    """Would the case belong to another record?"""
    if name == "id" or name.endswith("Id"):
        return True
    if isinstance(present, dict) and isinstance(value, dict):
        return any(
            (each == "id" or each.endswith("Id")) and present.get(each) != value.get(each)
            for each in present.keys() | value.keys()
        )
    return False


def _json_type(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    kinds: dict[type, str] = {str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "null")
