"""What can go wrong while the engine works, each named for its cause."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


class EngineError(Exception):
    """Base of all errors of the engine."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why a diagram or decision table can't run."""

    file: str
    element_id: str | None
    element_name: str | None
    problem: str
    mend: str
    rule: str
    line: int | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        if self.element_id:
            place += f" {self.element_id}"
            if self.element_name:
                place += f" “{self.element_name}”"
        return f"{place}: {self.problem} {self.mend}"


class DiagramRefused(EngineError):
    """The diagram can't be executed as it stands.

    Attributes:
        refusals: every reason found, with place and mend.
    """

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__("\n".join(str(refusal) for refusal in refusals))
        self.refusals = refusals


class RuleFailed(EngineError):
    """An expression, decision, mapping or job failed while the instance ran.

    The command had no effect; the caller rolls back and raises an incident.
    """

    def __init__(self, element_id: str, element_name: str | None, reason: str) -> None:
        super().__init__(f"{element_id} “{element_name or ''}”: {reason}")
        self.element_id = element_id
        self.element_name = element_name
        self.reason = reason


class TaskNotOpen(EngineError):
    """The user task is not waiting in this instance (any more)."""

    def __init__(self, task_id: UUID) -> None:
        super().__init__(f"User task {task_id} is not open.")
        self.task_id = task_id


class NothingWaits(EngineError):
    """The timer, message or signal has nothing waiting for it in this instance."""


class StateDamaged(EngineError):
    """The stored state fails its checksum or has a format that this version does not know."""


class BpmnErrorThrown(EngineError):
    """A job handler throws a BPMN error that a boundary error event may catch.

    Args:
        code: the error code as the diagram names it.
        message: for people.
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code
