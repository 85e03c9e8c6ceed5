"""Why those who steer were refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from broker_crm.engine.dialect import Element
from broker_crm.engine.tokens import WhyNot
from broker_crm.process.errors import CommandRefused


class DueOutOfRange(CommandRefused):
    """A due date must be later than now, and not years away.

    Attributes:
        due: what was asked for.
    """

    code = "due-out-of-range"

    def __init__(self, due: datetime) -> None:
        super().__init__(
            f"{due:%Y-%m-%d %H:%M} UTC is past or more than two years away."
            " A due date has to be later than now."
        )
        self.due = due


class AlreadyPaused(CommandRefused):
    """The task is paused already."""

    code = "already-paused"

    def __init__(self) -> None:
        super().__init__("The task is paused already.")


class NotPaused(CommandRefused):
    """The task is not paused."""

    code = "not-paused"

    def __init__(self) -> None:
        super().__init__("The task is not paused.")


class CannotMove(CommandRefused):
    """The case can't be put before the step.

    Attributes:
        why: the rule that it would break.
    """

    code = "cannot-move"

    def __init__(self, why: WhyNot) -> None:
        super().__init__(f"The case can't be moved there: {why}")
        self.why = why


class StepFails(CommandRefused):
    """A rule on the way fails with the data of the case as they are."""

    code = "step-fails"

    def __init__(self, reason: str) -> None:
        super().__init__(f"With the case's data as they are a rule fails: {reason}")
        self.reason = reason


class NothingThere(CommandRefused):
    """Nothing of the case stands there any more."""

    code = "nothing-there"

    def __init__(self) -> None:
        super().__init__("Nothing of the case stands there any more.")


class WhyNotCorrected(StrEnum):
    MISSING = "The case has no such variable."
    OTHER_TYPE = "The value is of another type than the present one."
    TOO_LARGE = "The value is too large."
    NAMES_A_RECORD = "It names a record to which the case belongs."
    SAME = "It has this value already."


class CannotCorrect(CommandRefused):
    """The variable can't have that value.

    Attributes:
        name: of the variable.
        why: the rule that it would break.
    """

    code = "cannot-correct"

    def __init__(self, name: str, why: WhyNotCorrected) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name
        self.why = why


class NoSuchPerson(CommandRefused):
    """Nobody who is active has the login.

    Attributes:
        login: that was named.
    """

    code = "no-such-person"

    def __init__(self, login: str) -> None:
        super().__init__(f"Nobody who is active has the login “{login}”.")
        self.login = login


class SkipsApproval(CommandRefused):
    """The case would pass over an approval, and nobody has said that it is to.

    Attributes:
        steps: element ids of the approvals.
    """

    code = "skips-approval"

    def __init__(self, steps: Sequence[Element]) -> None:
        told = ", ".join(f"“{each.name or each.id}”" for each in steps)
        super().__init__(f"The case would skip the approval {told}; confirm that it is to.")
        self.steps = tuple(each.id for each in steps)


class WhyNotUndone(StrEnum):
    CHANGED_SINCE = "It has been changed again since."
    ENDED = "The step is no longer open."
    TOUCHED = "Somebody has begun to work on the new step."
    NOT_UNDOABLE = "This can't be taken back."
    LEFT = "Who had it before is not active any more."
    NOT_IN_GROUP = "Who had it before does not belong to the task's group any more."
    ABSENT = "Who had it before is absent today."


class CannotUndo(CommandRefused):
    """What was done can't be taken back.

    Attributes:
        why: the reason.
    """

    code = "cannot-undo"

    def __init__(self, why: WhyNotUndone) -> None:
        super().__init__(str(why))
        self.why = why


class NobodyFree(CommandRefused):
    """There is nobody to whom the task could be given."""

    code = "nobody-free"

    def __init__(self) -> None:
        super().__init__("Nobody else of the task's group is there.")
