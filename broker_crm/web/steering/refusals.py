"""Why steering was refused, in the visitor's language; by code, as it is stored too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from broker_crm.web.wording import Words

BY_CODE: Words = {
    "due-out-of-range": _l("A due date has to be later than now, within two years."),
    "already-paused": _l("The task is paused already."),
    "not-paused": _l("The task is not paused."),
    "nothing-there": _l("The case does not stand there any more."),
    "nobody-free": _l("Nobody else of the task's group is there today."),
    "event-not-found": _l("There is no such event."),
    "batch-not-found": _l("There is no such order."),
    "task-not-found": _l("There is no such record, or it does not concern you."),
    "instance-not-found": _l("There is no such record, or it does not concern you."),
    "task-already-completed": _l("The step is completed."),
    "task-cancelled": _l("This step is no longer needed: the process went another way."),
    "instance-ended": _l("This case is over."),
    "not-in-group": _l("The person does not belong to the task's group."),
    "not-allowed": _l("Your role may not do this."),
    "outrun": _l("The case was changed at the same moment. Try again."),
    "no-such-person": _l("Nobody who is active has this login."),
    "skips-approval": _l("An approval would be skipped, and nobody has confirmed that it is to."),
    "invalid-submission": _l("Something that the action needs is missing: see its fields."),
}
BY_REASON: Words = {
    "SAME_PLACE": _l("It stands there already."),
    "ONE_OF_MANY": _l("The step is one of several of the same kind; the others would lose it."),
    "MANY": _l("The step is done several times at once, for each item of a list."),
    "OTHER_PART": _l("The step is in another part of the process."),
    "FORK": _l(
        "The step is on the other side of a place where the case splits into parallel branches; "
        "a branch would run twice or not at all."
    ),
    "JOIN": _l(
        "Parallel branches meet between here and the step; "
        "the meeting point would wait for ever for a branch."
    ),
    "SIDE_PATH": _l("The step belongs to a side path that a timer or a message begins."),
    "MISSING": _l("The case has no such variable."),
    "OTHER_TYPE": _l("The value is of another type than the present one."),
    "TOO_LARGE": _l("The value is too large."),
    "NAMES_A_RECORD": _l("It names a record to which the case belongs."),
    "SAME": _l("It has this value already."),
    "CHANGED_SINCE": _l("It has been changed again since."),
    "ENDED": _l("The step is no longer open."),
    "TOUCHED": _l("Somebody has begun to work on the new step."),
    "NOT_UNDOABLE": _l("This can't be taken back."),
    "LEFT": _l("Who had it before is not active any more."),
    "NOT_IN_GROUP": _l("Who had it before does not belong to the task's group any more."),
    "ABSENT": _l("Who had it before is absent today."),
}


def sentence(reason: Mapping[str, Any]) -> str:
    """The sentence for a refusal as `batches.told` wrote it; its own text where there is none."""
    why, code = reason.get("why"), str(reason.get("code"))
    if code == "cannot-move" and why == "SAME":
        why = "SAME_PLACE"
    found = BY_REASON.get(str(why)) or BY_CODE.get(code)
    if found is not None:
        return str(found)
    if code == "step-fails":
        return _("With the case's data as they are a rule fails: %(why)s", why=reason.get("text"))
    return str(reason.get("text") or "")


def knows(code: str) -> bool:
    """Is there a sentence for refusals of this code, but for those that all pages know?"""
    return code in {
        "due-out-of-range",
        "already-paused",
        "not-paused",
        "nothing-there",
        "nobody-free",
        "event-not-found",
        "batch-not-found",
        "cannot-move",
        "cannot-correct",
        "cannot-undo",
        "step-fails",
        "no-such-person",
        "skips-approval",
    }
