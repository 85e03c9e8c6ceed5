"""Why a command on a process instance or a task was refused, named for what the user did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from broker_crm.engine.migrating import Obstacle


class CommandRefused(Exception):
    """Base of all refusals; nothing has changed.

    Attributes:
        code: short and stable, for the API.
    """

    code = "refused"


class TaskNotFound(CommandRefused):
    """There is no such task, or the user may not know of it."""

    code = "task-not-found"

    def __init__(self, task_id: UUID) -> None:
        super().__init__(f"There is no task {task_id}.")


class InstanceNotFound(CommandRefused):
    """There is no such process instance, or the user may not know of it."""

    code = "instance-not-found"

    def __init__(self, instance_id: UUID) -> None:
        super().__init__(f"There is no process instance {instance_id}.")


class TaskAlreadyCompleted(CommandRefused):
    """Somebody was faster, or the same person completed it in another tab."""

    code = "task-already-completed"

    def __init__(self, by: str | None, at: datetime | None) -> None:
        super().__init__(f"The task was already completed by {by} at {at:%Y-%m-%d %H:%M} UTC.")
        self.by = by
        self.at = at


class TaskNoLongerOpen(CommandRefused):
    """The process went another way and took the task back."""

    code = "task-cancelled"

    def __init__(self) -> None:
        super().__init__("The task is no longer open: the process went another way.")


class NotAllowed(CommandRefused):
    """The user may see the record but may not do this."""

    code = "not-allowed"


class FourEyes(NotAllowed):
    """Who prepared something may not approve it."""

    code = "four-eyes"

    def __init__(self) -> None:
        super().__init__("Who prepared it may not approve it. Another colleague has to.")


class NotInGroup(NotAllowed):
    """The person to whom a task should go does not belong to its group.

    Attributes:
        name: of that person.
    """

    code = "not-in-group"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} does not belong to the task's group.")
        self.name = name


class NoQueue(NotAllowed):
    """The task belongs to one person, not to a group that could take it."""

    code = "no-queue"

    def __init__(self) -> None:
        super().__init__("The task belongs to no group; hand it over to a colleague instead.")


class TaskTaken(CommandRefused):
    """Another person holds the task."""

    code = "task-taken"

    def __init__(self, by: str) -> None:
        super().__init__(f"The task is held by {by}.")
        self.by = by


class InstanceEnded(CommandRefused):
    """The process instance is completed or cancelled."""

    code = "instance-ended"

    def __init__(self) -> None:
        super().__init__("The process instance has ended.")


class VersionNotOfProcess(CommandRefused):
    """The version is not one of the instance's process."""

    code = "not-of-process"

    def __init__(self, version_id: int) -> None:
        super().__init__(f"The process has no version under {version_id}.")


class CannotMigrate(CommandRefused):
    """The instance stands where the other version has no counterpart.

    Attributes:
        obstacles: each with its element and reason.
    """

    code = "cannot-migrate"

    def __init__(self, obstacles: Sequence[Obstacle]) -> None:
        told = " ".join(map(str, obstacles))
        super().__init__(f"The other version can't take the case over: {told}")
        self.obstacles = tuple(obstacles)


class SubmissionRejected(CommandRefused):
    """The values of a task do not fit its outcomes or its form.

    Args:
        errors: messages by field.
    """

    code = "invalid-submission"

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("; ".join(f"{key}: {' '.join(told)}" for key, told in errors.items()))
        self.errors = errors


class Outrun(CommandRefused):
    """Another command changed the instance at the same moment; the command can be repeated."""

    code = "outrun"

    def __init__(self) -> None:
        super().__init__("The process instance was changed at the same moment. Try again.")


class KeyUsedOtherwise(CommandRefused):
    """The key of a request was used before, for something else."""

    code = "key-used-otherwise"

    def __init__(self) -> None:
        super().__init__("This key was used before for another start. Take a new one.")


class IncidentNotOpen(CommandRefused):
    """The incident is already resolved, or there is none."""

    code = "incident-not-open"

    def __init__(self) -> None:
        super().__init__("The incident is already resolved.")


class ProcessStopped(Exception):
    """A rule or a job of the process failed; the command had no effect and an incident waits.

    Attributes:
        incident_id: for the manager.
        reason: what failed, where.
    """

    code = "process-stopped"

    def __init__(self, incident_id: UUID, reason: str) -> None:
        super().__init__(f"The process could not go on: {reason}")
        self.incident_id = incident_id
        self.reason = reason
