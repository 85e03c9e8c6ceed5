"""What the linter finds, in the words of a compiler: place, problem, mend."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

from broker_crm.engine.errors import Refusal


class Severity(StrEnum):
    ERROR = "error"
    """Publishing is refused."""
    WARNING = "warning"
    """Publishing goes on."""


@dataclass(frozen=True, slots=True)
class Finding:
    severity: Severity
    file: str
    rule: str
    problem: str
    mend: str
    element_id: str | None = None
    element_name: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        element = f" {self.element_id}" if self.element_id else ""
        name = f" “{self.element_name}”" if self.element_name else ""
        return f"{place}:{element}{name} {self.severity}: {self.problem} {self.mend} [{self.rule}]"

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "severity": str(self.severity)}


def refused(refusal: Refusal) -> Finding:
    """An error of the engine as a finding."""
    return Finding(
        Severity.ERROR,
        refusal.file,
        refusal.rule,
        refusal.problem,
        refusal.mend,
        refusal.element_id,
        refusal.element_name,
        refusal.line,
    )


class DiagramRejected(Exception):
    """Publishing is refused; nothing has changed.

    Args:
        findings: all findings; at least one is an error.
    """

    def __init__(self, findings: list[Finding]) -> None:
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        super().__init__("\n".join(str(finding) for finding in errors))
        self.findings = findings
